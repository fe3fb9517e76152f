import JSON
import OS

/// The whole cluster as a value: every request and every controller is one change of it, made under one lock.
struct ClusterState: Sendable {
    let configuration: KubeConfiguration
    var store: Store
    var watches = Watches()
    /// Jobs to look at again.
    var dirtyJobs: Set<JobReference> = []
    /// Jobs to look at at a time.
    var jobTimers: [JobReference: Timestamp] = [:]
    /// How the pods of Jobs have fared.
    var jobFailures: [JobReference: JobFailures] = [:]
    /// Pods that still carry the Job controller's finalizer and have no Job.
    var orphanedPods: Set<ObjectKey> = []
    /// Taints that drive pods away, since when.
    var taintsSince: [NoExecuteTaint: Timestamp] = [:]
    /// Nodes that pods are bound to and that are not there, since when.
    var lostNodes: [String: Timestamp] = [:]
    /// When to look again for what is over: events, pods of lost nodes.
    var nextExpiry = Timestamp(milliseconds: 0)
    /// Tokens of service accounts.
    var issuedTokens: [String: ServiceAccountToken] = [:]
    /// Warnings gathered while a request is served.
    var warnings: [String] = []

    init(configuration: KubeConfiguration) {
        self.configuration = configuration
        self.store = Store(historyLimit: configuration.historyLimit)
    }

    var now: Timestamp { configuration.now() }
    /// Now, as objects have it.
    var stamp: JSONValue { .string(now.iso(fraction: 0, zone: "Z")) }

    /// Stores an object and tells everybody.
    @discardableResult
    mutating func put(_ object: JSONValue, at key: ObjectKey) -> JSONValue {
        let change = store.put(object, at: key)
        tell(change)
        return change.last
    }

    /// Takes an object out, tells everybody, and looks after those that belonged to it.
    @discardableResult
    mutating func remove(_ key: ObjectKey) -> JSONValue? {
        guard let change = store.remove(key) else { return nil }
        tell(change)
        collectGarbage(after: change.last, key)
        return change.last
    }

    private mutating func tell(_ change: StoreChange) {
        watches.publish(change)
        switch change.key.kind {
        case .jobs: dirtyJobs.insert(JobReference(change.last))
        case .pods:
            if let owner = change.last.controller, owner["kind"]?.string == "Job" {
                dirtyJobs.insert(
                    JobReference(
                        namespace: change.key.namespace, name: owner["name"]?.string ?? "",
                        uid: owner["uid"]?.string ?? ""))
            } else if change.after.map(JobReading.isTracked) ?? false {
                orphanedPods.insert(change.key)
            }
        default: break
        }
    }

    /// The object, or the refusal that says it is not there.
    func existing(_ key: ObjectKey) throws(KubeRefusal) -> JSONValue {
        guard let object = store[key] else { throw .notFound(key.kind, key.name) }
        return object
    }
}

/// One Job: a new one of the same name is another.
struct JobReference: Hashable, Sendable {
    var namespace: String
    var name: String
    var uid: String

    init(namespace: String, name: String, uid: String) {
        self.namespace = namespace
        self.name = name
        self.uid = uid
    }

    init(_ job: JSONValue) { self.init(namespace: job.namespace, name: job.name, uid: job.uid) }

    var key: ObjectKey { ObjectKey(kind: .jobs, namespace: namespace, name: name) }
}
