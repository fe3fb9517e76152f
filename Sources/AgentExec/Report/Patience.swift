import ClearMLClient
import Synchronization

/// How long the end may take. It begins with the report; a TERM caps it, before or while it is being used up.
final class Patience: Sendable {
    private struct State {
        var end: Duration?
        var cap: Duration?
    }

    private let state = Mutex(State())
    private let pace: Pace

    init(pace: Pace) { self.pace = pace }

    /// Begins to run down, for at most `duration`.
    func begin(_ duration: Duration) {
        let end = pace.now() + duration
        state.withLock { $0.end = end }
    }

    /// Whatever else: not longer than `duration` from now.
    func cap(_ duration: Duration) {
        let end = pace.now() + duration
        state.withLock { $0.cap = min($0.cap ?? end, end) }
    }

    /// What is left of it.
    var left: Duration {
        let ends = state.withLock { [$0.end, $0.cap] }.compactMap { $0 }
        return max(.zero, (ends.min() ?? .seconds(86_400)) - pace.now())
    }

    /// Waits until it is used up (`true`), or until cancelled (`false`).
    func isOver() async -> Bool {
        while left > .zero {
            // In small steps, for it may be capped meanwhile.
            do { try await pace.sleep(min(left, .milliseconds(250))) } catch { return false }
        }
        return true
    }
}
