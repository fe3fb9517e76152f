import ClearMLClient
import Logging
import OS
import Synchronization

/// glue's own lines in the tasks' consoles: buffered, batched, bounded. The only thing that glue buffers.
final class TaskConsole: Sendable {
    private struct State {
        var lines: [LogLine] = []
        var dropped = 0
        var lastStamp: [String: Int64] = [:]
        var isSending = false
        var turns: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let server: ClearMLServer
    private let worker: String
    private let logger: Logger
    private let limit: Int

    /// Lines go to `server` in the name of `worker`; at most `limit` wait, beyond that the newest are counted, not kept.
    init(server: ClearMLServer, worker: String, logger: Logger, limit: Int = 5000) {
        self.server = server
        self.worker = worker
        self.logger = logger
        self.limit = limit
    }

    /// Adds a line to the console of `task`.
    func say(_ text: String, task: String, level: String = "INFO") {
        state.withLock { state in
            guard state.lines.count < limit else {
                state.dropped += 1
                return
            }
            // The server sorts by milliseconds alone: strictly increasing within a task.
            let stamp = max(Timestamp.now().milliseconds, (state.lastStamp[task] ?? 0) + 1)
            state.lastStamp[task] = stamp
            state.lines.append(LogLine(task: task, level: level, message: text, timestamp: stamp, worker: worker))
        }
    }

    /// Sends what waits; what the server did not take waits on. One at a time: two that took the same lines would send
    /// them twice, and take as many others away.
    func flush() async {
        await takeTurn()
        defer { passTurn() }
        let lines = state.withLock { state in
            if state.lastStamp.count > 10_000 { state.lastStamp = [:] }
            return Array(state.lines.prefix(500))
        }
        guard !lines.isEmpty else { return }
        do {
            _ = try await server.addEvents(lines)
        } catch {
            // Refused for good (a deleted or published task): those lines have no place to go.
            guard error.isPermanent else {
                logger.debug("console lines wait", metadata: ["error": "\(error)", "lines": "\(lines.count)"])
                return
            }
            logger.info("console lines refused", metadata: ["error": "\(error)", "lines": "\(lines.count)"])
        }
        let dropped = state.withLock { state in
            state.lines.removeFirst(min(lines.count, state.lines.count))
            defer { state.dropped = 0 }
            return state.dropped
        }
        if dropped > 0 { logger.warning("console lines dropped", metadata: ["lines": "\(dropped)"]) }
    }

    private func takeTurn() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.isSending else {
                    state.isSending = true
                    return true
                }
                state.turns.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func passTurn() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.turns.isEmpty else {
                state.isSending = false
                return nil
            }
            return state.turns.removeFirst()
        }
        next?.resume()
    }

    /// Flushes every second until cancelled, then once more.
    func run() async {
        while !Task.isCancelled {
            await flush()
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
