import Logging

/// What a watcher tells: a list that may be swapped in as a whole, then changes.
public enum WatcherEvent<Object: Sendable>: Sendable {
    /// A list begins; what is not in it by its end is gone.
    case initial
    /// An object of the list.
    case initialApply(Object)
    /// The list is whole.
    case initDone
    /// An object is there, or has another state.
    case apply(Object)
    /// An object is gone; this is its last state.
    case delete(Object)
    /// The server is there, and nothing happened.
    case contact
    /// The list or the watch broke; it is tried again. What is known may be old.
    case interrupted(KubernetesError)
}

/// The objects of one kind, listed and then watched for ever, over every kind of break.
///
/// *Guarantees.* Between `initial` and `initDone` stands a whole, consistent list; a list that breaks half way is begun
/// again with `initial`. After it, every change is told in order, or a new list is.
/// *Caveats.* States in between may be left out; iteration ends only when its task is cancelled.
public struct Watcher<Object: KubernetesObject>: AsyncSequence, Sendable {
    /// What it tells.
    public typealias Element = WatcherEvent<Object>
    /// It never throws.
    public typealias Failure = Never

    let client: KubernetesClient
    let namespace: String?
    let labels: LabelSelector
    let fields: FieldSelector
    let machine: WatchMachine
    let logger: Logger

    /// A watcher of the objects that `labels` and `fields` mean; `namespace` `nil` means all namespaces.
    public init(
        _: Object.Type = Object.self, client: KubernetesClient, namespace: String?,
        labels: LabelSelector = .everything, fields: FieldSelector = .everything, machine: WatchMachine = .init()
    ) {
        self.client = client
        self.namespace = namespace
        self.labels = labels
        self.fields = fields
        self.machine = machine
        var logger = client.logger
        logger[metadataKey: "kube.resource"] = "\(Object.resource)"
        if let namespace { logger[metadataKey: "kube.namespace"] = "\(namespace)" }
        self.logger = logger
    }

    /// Begins with a list.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(watcher: self) }

    /// One run through the events.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let watcher: Watcher
        private var machine: WatchMachine
        private var ready: ArraySlice<Element> = []
        private var connection: WatchConnection<Object>?
        private var openedAt = Duration.zero
        private var pacing: Pacing { watcher.client.pacing }

        init(watcher: Watcher) {
            self.watcher = watcher
            machine = watcher.machine
        }

        /// The next event; `nil` once the task is cancelled.
        public mutating func next() async -> Element? {
            while !Task.isCancelled {
                if let event = ready.popFirst() { return event }
                if connection != nil { await read() } else { await proceed() }
            }
            connection = nil
            return nil
        }

        // MARK: - Steps

        private mutating func proceed() async {
            switch machine.next() {
            case .list(let token, let limit): await list(token, limit)
            case .watch(let version, let timeout): await watch(version, timeout)
            case .wait(let duration): try? await pacing.sleep(duration)  // cancellation: the loop above sees it
            }
        }

        private mutating func list(_ token: String?, _ limit: Int?) async {
            let options = ListOptions(
                labels: watcher.labels, fields: watcher.fields, limit: limit, continueToken: token)
            do throws(KubernetesError) {
                let page = try await watcher.client.list(Object.self, namespace: watcher.namespace, options)
                let isLast = machine.listed(
                    resourceVersion: page.resourceVersion, continueToken: page.continueToken, jitter: pacing.jitter())
                ready =
                    ((token == nil ? [.initial] : []) + page.items.map { .initialApply($0) }
                    + (isLast ? [.initDone] : []))[...]
            } catch {
                machine.listFailed(.init(error), jitter: pacing.jitter())
                interrupted(error)
            }
        }

        private mutating func watch(_ version: String, _ timeout: Duration) async {
            openedAt = pacing.now()
            let options = WatchOptions(
                labels: watcher.labels, fields: watcher.fields, resourceVersion: version, timeout: timeout)
            do throws(KubernetesError) {
                connection = try await watcher.client.watch(Object.self, namespace: watcher.namespace, options)
                ready = [.contact]
            } catch {
                broken(error)
            }
        }

        private mutating func read() async {
            do throws(KubernetesError) {
                guard let event = try await connection?.next() else {
                    connection = nil
                    machine.watchEnded(lived: pacing.now() - openedAt, jitter: pacing.jitter())
                    return
                }
                switch event {
                case .added(let object), .modified(let object): tell(.apply(object), object)
                case .deleted(let object): tell(.delete(object), object)
                case .bookmark(let version):
                    machine.progressed(to: version)
                    ready = [.contact]
                case .error(let status):
                    throw .status(
                        status,
                        ResourceOperation(verb: "watch", resource: Object.resource, namespace: watcher.namespace))
                }
            } catch {
                connection = nil
                broken(error)
            }
        }

        private mutating func tell(_ event: Element, _ object: Object) {
            machine.progressed(to: object.resourceVersion ?? "")
            ready = [event]
        }

        private mutating func broken(_ error: KubernetesError) {
            machine.watchFailed(.init(error), lived: pacing.now() - openedAt, jitter: pacing.jitter())
            interrupted(error)
        }

        /// Refusals are for people to mend and must be seen; the network's noise only when it lasts.
        private mutating func interrupted(_ error: KubernetesError) {
            guard !error.isCancelled else { return }
            ready = [.interrupted(error)]
            let isRefusal = error.isForbidden || error.isUnauthorized
            let level: Logger.Level = isRefusal || machine.failures.isMultiple(of: 5) ? .warning : .debug
            watcher.logger.log(
                level: level, "the watch is interrupted and tried again",
                metadata: ["error": "\(error)", "kube.failures": "\(machine.failures)"])
        }
    }
}
