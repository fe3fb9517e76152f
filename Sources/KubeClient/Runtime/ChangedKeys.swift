import Synchronization

/// Keys that somebody shall look at, each at most once in the queue, in the order of their first change.
///
/// Its bound is the number of objects: a key that waits already is not added again. One consumer.
final class ChangedKeys: Sendable {
    private struct State {
        var waiting: [ObjectKey] = []
        var members: Set<ObjectKey> = []
        var consumer: CheckedContinuation<ObjectKey?, Never>?
    }

    private let state = Mutex(State())

    /// Adds keys, and wakes the consumer.
    func add(_ keys: [ObjectKey]) {
        guard !keys.isEmpty else { return }
        let wake: (CheckedContinuation<ObjectKey?, Never>, ObjectKey)? = state.withLock { state in
            for key in keys where state.members.insert(key).inserted { state.waiting.append(key) }
            guard let consumer = state.consumer, let key = Self.pop(&state) else { return nil }
            state.consumer = nil
            return (consumer, key)
        }
        if let (consumer, key) = wake { consumer.resume(returning: key) }
    }

    /// The next key; `nil` when the task is cancelled, or when another consumer has taken this one's place.
    func next() async -> ObjectKey? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (replaced, answer): (CheckedContinuation<ObjectKey?, Never>?, ObjectKey??) = state.withLock {
                    state in
                    let replaced = state.consumer
                    state.consumer = nil
                    if Task.isCancelled { return (replaced, .some(nil)) }
                    if let key = Self.pop(&state) { return (replaced, .some(key)) }
                    state.consumer = continuation
                    return (replaced, nil)
                }
                replaced?.resume(returning: nil)
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let consumer = state.withLock { state in
                defer { state.consumer = nil }
                return state.consumer
            }
            consumer?.resume(returning: nil)
        }
    }

    private static func pop(_ state: inout State) -> ObjectKey? {
        guard !state.waiting.isEmpty else { return nil }
        let key = state.waiting.removeFirst()
        state.members.remove(key)
        return key
    }
}
