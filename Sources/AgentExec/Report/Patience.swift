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

    /// Waits until no more than `reserve` is left of it (`true`), or until cancelled (`false`).
    func isOver(reserve: Duration = .zero) async -> Bool {
        while left > reserve {
            // In small steps, for it may be capped meanwhile.
            do { try await pace.sleep(min(left - reserve, .milliseconds(250))) } catch { return false }
        }
        return true
    }

    /// Does `work`; when the patience is used up it is cancelled, and its answer to that is the result.
    func bound<Result: Sendable>(_ work: @escaping @Sendable () async -> Result) async -> Result {
        await withTaskGroup { group in
            group.addTask { await work() as Result? }
            group.addTask {
                _ = await self.isOver()
                return nil
            }
            while let next = await group.next() {
                group.cancelAll()
                if let next { return next }
            }
            // Not reached: the first task always has a result. Doing the work again keeps the function total.
            return await work()
        }
    }
}
