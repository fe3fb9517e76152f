public import JSON
public import OS

/// What a sandbox cluster is made of: who may do what, its clock, its identities and its limits.
public struct KubeConfiguration: Sendable {
    /// Bearer token → who it is.
    public var tokens: [String: KubeIdentity]
    /// The version that `/version` names.
    public var version = "v1.36.0+sandbox"
    /// Wall time, for stamps and for the controllers' deadlines.
    public var now: @Sendable () -> Timestamp = Timestamp.now
    /// Makes uids.
    public var makeID: @Sendable () -> String = { KubeConfiguration.randomUID() }
    /// Makes the last part of generated names.
    public var makeSuffix: @Sendable () -> String = { KubeConfiguration.randomSuffix() }
    /// How many changes a watch can go back at least; twice as many are kept at most.
    public var historyLimit = 5000
    /// How many changes may wait for a slow watcher before its watch is ended.
    public var watchQueueLimit = 10_000
    /// Whether a watch of a forgotten version is refused with 410; else it opens and says so in an ERROR event, as
    /// the API server does.
    public var refusesExpiredWatches = false
    /// How often a watch that allows it is told the newest resource version.
    public var bookmarkInterval = Duration.seconds(10)
    /// How long a watch lasts that does not say.
    public var watchTimeout = Duration.seconds(1800)
    /// The first wait of a Job after a failed pod; doubles with each.
    public var podFailureBackoff = Duration.seconds(10)
    /// How long events are kept.
    public var eventLifetime = Duration.seconds(3600)
    /// The largest body of a request.
    public var bodyLimit = 3_145_728
    /// The name of the one node.
    public var nodeName = "sandbox"
    /// What the node has for pods: `cpu`, `memory`, `pods`, `nvidia.com/gpu` …
    public var nodeCapacity: [String: String] = ["cpu": "8", "memory": "16Gi", "pods": "110"]
    /// Looks at each object before it is stored; what it throws is the answer. Stands in for admission webhooks and
    /// for faults in tests. `warnings` it returns become `Warning` headers.
    /// It is asked within the cluster's lock: it must not ask the sandbox anything.
    public var admission: (@Sendable (KubeAdmission) -> KubeAdmissionAnswer)?

    /// A cluster that knows these tokens.
    public init(tokens: [String: KubeIdentity] = [:]) { self.tokens = tokens }

    static func randomUID() -> String {
        let hex = Array(randomHex(bytes: 16))
        var text = ""
        for (place, digit) in hex.enumerated() {
            if [8, 12, 16, 20].contains(place) { text.append("-") }
            text.append(place == 12 ? "4" : place == 16 ? "a" : digit)
        }
        return text
    }

    /// Letters and digits that spell no words, as the API server has them.
    static func randomSuffix() -> String {
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
        var generator = SystemRandomNumberGenerator()
        return String((0..<5).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
    }
}

/// A write that admission may refuse.
public struct KubeAdmission: Sendable {
    /// `create` or `update`.
    public let operation: String
    /// Of what.
    public let kind: KubeKind
    /// The object, with its defaults.
    public let object: JSONValue
}

/// What admission says.
public enum KubeAdmissionAnswer: Sendable {
    /// Yes, perhaps with warnings.
    case allowed(warnings: [String] = [])
    /// No.
    case refused(KubeRefusal)
}
