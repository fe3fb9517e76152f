import Synchronization

/// What a watch still has to say of its beginning, handed out one by one.
final class PendingLines: Sendable {
    private let rest: Mutex<ArraySlice<KubeChange>>

    init(_ changes: [KubeChange]) { rest = Mutex(changes[...]) }

    func next() -> KubeChange? { rest.withLock { $0.popFirst() } }
}
