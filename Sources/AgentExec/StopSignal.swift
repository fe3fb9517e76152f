import ClearMLClient
import Synchronization

/// Why the child must end before its time.
enum StopCause: Sendable, Equatable {
    /// The user asked for an abort: the executor ends the task as stopped.
    case abort
    /// Somebody else has the task, or it has ended on the server: write nothing. The status last seen, if the task exists.
    case taken(TaskStatus?, String)
    /// The server was not reached for this long: for all that is known, somebody else runs the task by now.
    case unreachable(Duration)
    /// The pod is being terminated, by this signal.
    case terminated(Int32)
}

/// Raised once, seen by everybody who waits or asks.
final class StopSignal: Sendable {
    private struct State {
        var cause: StopCause?
        var isTerminated = false
        var waiters: [Int: AsyncStream<Void>.Continuation] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    /// Why, if it is raised.
    var cause: StopCause? { state.withLock { $0.cause } }

    /// Whether the pod is being terminated, whatever else is the cause.
    var isTerminated: Bool { state.withLock { $0.isTerminated } }

    /// Raises it; the first cause stays.
    func raise(_ cause: StopCause) {
        let waiters = state.withLock { state in
            if case .terminated = cause { state.isTerminated = true }
            state.cause = state.cause ?? cause
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.finish() }
    }

    /// Waits until it is raised (`true`) or the task is cancelled (`false`).
    func wait() async -> Bool {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let ticket = state.withLock { state -> Int? in
            if state.cause != nil { return nil }
            state.next += 1
            state.waiters[state.next] = continuation
            return state.next
        }
        guard let ticket else { return true }
        for await _ in stream {}
        state.withLock { $0.waiters[ticket] = nil }
        return cause != nil
    }
}
