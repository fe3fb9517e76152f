import Synchronization

/// A copy in memory of the objects of one kind, kept by a `Watcher` for as long as `run()` runs.
///
/// *Expected flow.* Start `run()` in a task group, `waitUntilReady(deadline:)`, then read; `changes()` names the keys to
/// look at. A name is a hint: read the object by its key, decide from the whole state.
/// *Guarantees.* Readers never see half a list. A key whose object changed, came or went, is named at least once, also
/// one that vanished while the watch was broken.
/// *Caveats.* The copy may be old: `silence` says for how long nothing was heard from the server.
public final class Reflector<Object: KubernetesObject>: Sendable {
    private struct State {
        var store = ObjectStore<Object>()
        var lastContact: Duration?
        var lastError: KubernetesError?
        var breaks = 0
    }

    private let watcher: Watcher<Object>
    private let trim: @Sendable (inout Object) -> Void
    private let departed: @Sendable (Object) -> Void
    private let pacing: Pacing
    private let state = Mutex(State())
    private let changed = ChangedKeys()
    private let ready = ReadyGate()

    /// A reflector of the objects that `labels` and `fields` mean; `namespace` `nil` means all namespaces.
    ///
    /// - Parameters:
    ///   - trim: drops what nobody reads, before the object is kept: `managedFields` alone is often half of it.
    ///   - departed: gets each object that was seen to be deleted, as it was at its end, before its key is named.
    ///     One that vanished while the watch was broken has no such end.
    public init(
        _: Object.Type = Object.self, client: KubernetesClient, namespace: String?,
        labels: LabelSelector = .everything, fields: FieldSelector = .everything, machine: WatchMachine = .init(),
        trim: @escaping @Sendable (inout Object) -> Void = { $0.dropManagedFields() },
        departed: @escaping @Sendable (Object) -> Void = { _ in }
    ) {
        watcher = Watcher(client: client, namespace: namespace, labels: labels, fields: fields, machine: machine)
        self.trim = trim
        self.departed = departed
        pacing = client.pacing
    }

    /// Keeps the copy until the task is cancelled.
    public func run() async {
        for await event in watcher { receive(event) }
    }

    private func receive(_ event: WatcherEvent<Object>) {
        let event = trimmed(event)
        if case .delete(let object) = event { departed(object) }
        let (keys, isReady) = state.withLock { state in
            switch event {
            case .interrupted(let error):
                state.lastError = error
                state.breaks += 1
            case .contact, .initDone, .apply, .delete:
                state.lastError = nil
                state.lastContact = pacing.now()
            case .initial, .initialApply: state.lastContact = pacing.now()
            }
            return (state.store.receive(event), state.store.isReady)
        }
        if isReady { ready.open() }
        changed.add(keys)
    }

    private func trimmed(_ event: WatcherEvent<Object>) -> WatcherEvent<Object> {
        func cut(_ object: Object) -> Object {
            var object = object
            trim(&object)
            return object
        }
        return switch event {
        case .initialApply(let object): .initialApply(cut(object))
        case .apply(let object): .apply(cut(object))
        case .delete(let object): .delete(cut(object))
        case .initial, .initDone, .contact, .interrupted: event
        }
    }

    // MARK: - Reading

    /// Whether a whole list has been seen.
    public var isReady: Bool { ready.isOpen }

    /// The object of that key, as last seen.
    public func object(_ key: ObjectKey) -> Object? { state.withLock { $0.store.objects[key] } }

    /// All objects, as last seen, at one point of time.
    public func snapshot() -> [ObjectKey: Object] { state.withLock { $0.store.objects } }

    /// For how long nothing was heard from the server; `nil` before the first word. An idle watch hears a bookmark
    /// about once a minute.
    public var silence: Duration? {
        state.withLock { state in state.lastContact.map { pacing.now() - $0 } }
    }

    /// Why the list or the watch is broken; `nil` while it is not.
    public var lastError: KubernetesError? { state.withLock { $0.lastError } }

    /// How often the list or the watch broke.
    public var breaks: Int { state.withLock { $0.breaks } }

    /// The copy did not become whole in time.
    public struct NotReady: Error, Sendable, CustomStringConvertible {
        /// The kind.
        public let resource: Resource
        /// How long was waited.
        public let deadline: Duration
        /// The last failure, if there was one.
        public let cause: KubernetesError?

        /// One sentence.
        public var description: String {
            "no whole list of \(resource) within \(deadline): \(cause.map { "\($0)" } ?? "the API server did not answer")"
        }
    }

    /// Returns once a whole list has been seen; throws when that takes longer than `deadline`.
    public func waitUntilReady(deadline: Duration) async throws(NotReady) {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.ready.wait() }
            group.addTask { try? await self.pacing.sleep(deadline) }
            await group.next()
            group.cancelAll()
        }
        guard ready.isOpen else {
            throw NotReady(resource: Object.resource, deadline: deadline, cause: lastError)
        }
    }

    /// The keys to look at, in the order of their first change; a key waits in it once, however often it changes.
    /// For one consumer: asking for a second stream ends the first one's wait.
    public func changes() -> AsyncStream<ObjectKey> {
        AsyncStream { await self.changed.next() }
    }
}
