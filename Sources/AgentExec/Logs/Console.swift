import ClearMLClient
import HTTP
import OS
import Synchronization

/// The task's console: takes lines from the phases and bytes from the child, sends them to the server in batches.
///
/// *Guarantees.* Order is kept, nothing leaves unmasked, and nothing is lost while the server is away: lines wait in
/// memory, at most `memoryLimit` bytes of them, and then the child waits (`accept` does not return). A batch whose
/// reply was lost is sent again: a line may come twice, never not at all.
///
/// *Caveats.* Our own lines are let in even when the memory is full: they are few.
final class Console: Sendable {
    /// What may wait in memory before the child has to.
    static let memoryLimit = 16 << 20
    /// So much is worth a call at once.
    static let batchSize = 256 << 10
    /// The most of one call; with what JSON adds it mostly stays below the server's megabyte.
    static let callSize = 768 << 10
    /// The longest that a line waits for company.
    static let interval = Duration.seconds(2)

    private struct State {
        var assembler = LineAssembler()
        var partialSince: Duration?
        var queue = LogQueue()
        var oldest: Duration?
        /// Rises whenever the shipper may have to think again: what it has thought before parking may be out of date.
        var changes = 0
        var isClosing = false
        var isAbandoned = false
        var isUnthrottled = false
        var dropped = 0
        var shipper: CheckedContinuation<Void, Never>?
        var blocked: [CheckedContinuation<Void, Never>] = []
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let task: String
    private let worker: String
    /// Masks what leaves, here and elsewhere.
    let redactor: Redactor
    private let server: ClearMLServer
    private let pace: Pace
    private let backoff: Backoff
    private let wallClock: @Sendable () -> Int64
    private let mirror: @Sendable ([UInt8]) -> Void

    /// A console of `task`. `mirror` gets everything that is sent, masked: the pod's own log.
    init(
        task: String, worker: String, redactor: Redactor, server: ClearMLServer, pace: Pace,
        backoff: Backoff = .call, wallClock: @escaping @Sendable () -> Int64 = { Timestamp.now().milliseconds },
        mirror: @escaping @Sendable ([UInt8]) -> Void = { _ in }
    ) {
        self.task = task
        self.worker = worker
        self.redactor = redactor
        self.server = server
        self.pace = pace
        self.backoff = backoff
        self.wallClock = wallClock
        self.mirror = mirror
    }

    /// Lines that the server refused for good.
    var droppedBytes: Int { state.withLock { $0.dropped } }

    /// A line of the executor's own.
    func say(_ text: String, level: String = "INFO") {
        enter(redactor.redacted(Array(text.utf8)) + [UInt8(ascii: "\n")], level: level)
    }

    /// Output of the child. Returns when there is room for more.
    func accept(_ bytes: [UInt8]) async {
        let (lines, isNews) = state.withLock { state in
            let lines = state.assembler.feed(bytes)
            let before = lines.isEmpty ? state.partialSince : nil
            state.partialSince = state.assembler.hasPartial ? before ?? pace.now() : nil
            let isNews = before == nil && state.partialSince != nil
            if isNews { state.changes += 1 }
            return (lines, isNews)
        }
        if !lines.isEmpty { enter(redactor.redacted(lines), level: "DEBUG") }
        if isNews { wakeShipper() }
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.queue.bytes < Self.memoryLimit || state.isAbandoned || state.isUnthrottled { return true }
                state.blocked.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// What waits for the end of its line will not get one.
    func flushPartial() {
        let lines = state.withLock { state in
            state.partialSince = nil
            return state.assembler.flush()
        }
        if !lines.isEmpty { enter(redactor.redacted(lines), level: "DEBUG") }
    }

    /// Sends, until `close` and the last line, or until given up.
    func ship() async {
        while true {
            await waitForWork()
            let batch = state.withLock { state -> [LogQueue.Piece] in
                if state.isAbandoned { return [] }
                let batch = state.queue.take(limit: Self.callSize)
                state.oldest = state.queue.waiting > 0 ? pace.now() : nil
                return batch
            }
            if batch.isEmpty {
                let isOver = state.withLock { $0.isAbandoned || $0.isClosing && $0.queue.isEmpty }
                if isOver { break }
                continue
            }
            let dropped = await send(batch.map { $0.line(task: task, worker: worker) })
            let size = batch.reduce(0) { $0 + $1.bytes.count }
            let freed = state.withLock { state in
                state.queue.release(size)
                if dropped { state.dropped += size }
                return state.queue.bytes < Self.memoryLimit ? removeAll(&state.blocked) : []
            }
            for waiter in freed { waiter.resume() }
        }
        let closers = state.withLock { removeAll(&$0.closers) }
        for closer in closers { closer.resume() }
    }

    /// Sends what is left, as long as `patience` lasts (a third of it, at most 5 s, is kept for the report);
    /// `true` when every line was acknowledged.
    func close(patience: Patience) async -> Bool {
        flushPartial()
        state.withLock { $0.isClosing = true }
        wakeShipper()
        let reserve = min(.seconds(5), patience.left / 3)
        await withTaskGroup { group in
            group.addTask { if await patience.isOver(reserve: reserve) { self.abandon() } }
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isAbandoned || state.queue.isEmpty { return true }
                    state.closers.append(continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
            group.cancelAll()
        }
        return state.withLock { $0.queue.isEmpty && $0.dropped == 0 }
    }

    /// From now on `accept` does not wait: the child is dead, and what it has left in the pipe is little.
    func stopThrottling() {
        let waiters = state.withLock { state in
            state.isUnthrottled = true
            return removeAll(&state.blocked)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Gives up what was not sent; nobody waits for the console any more.
    func abandon() {
        let waiters = state.withLock { state in
            state.isAbandoned = true
            return removeAll(&state.blocked) + removeAll(&state.closers)
        }
        for waiter in waiters { waiter.resume() }
        wakeShipper()
    }

    // MARK: - Steps

    private func enter(_ lines: [UInt8], level: String) {
        mirror(lines)
        let isWorthIt = state.withLock { state in
            if state.isAbandoned { return false }
            state.queue.append(lines, level: level, now: wallClock())
            let isNews = state.oldest == nil || state.queue.waiting >= Self.batchSize
            state.oldest = state.oldest ?? pace.now()
            if isNews { state.changes += 1 }
            return isNews
        }
        if isWorthIt { wakeShipper() }
    }

    /// Returns when a batch is full, a line has waited long enough, or the end has come.
    private func waitForWork() async {
        while true {
            let now = pace.now()
            let (wait, changes) = state.withLock { state -> (Duration?, Int) in
                if state.isAbandoned || state.isClosing || state.queue.waiting >= Self.batchSize { return (nil, 0) }
                let due = [state.oldest, state.partialSince].compactMap { $0 }.min().map { $0 + Self.interval }
                guard let due else { return (.seconds(3600), state.changes) }
                return (due <= now ? nil : due - now, state.changes)
            }
            guard let wait else { break }
            await withTaskGroup { group in
                group.addTask {
                    do { try await self.pace.sleep(wait) } catch { return }
                    self.wakeShipper()
                }
                await withCheckedContinuation { continuation in
                    let mayWait = state.withLock { state in
                        if state.isAbandoned || state.isClosing || state.changes != changes { return false }
                        state.shipper = continuation
                        return true
                    }
                    if !mayWait { continuation.resume() }
                }
                group.cancelAll()
            }
        }
        let isPartialDue = state.withLock { state in
            state.partialSince.map { pace.now() - $0 >= Self.interval } ?? false
        }
        if isPartialDue { flushPartial() }
    }

    private func wakeShipper() {
        let waiting = state.withLock { state in
            defer { state.shipper = nil }
            return state.shipper
        }
        waiting?.resume()
    }

    /// Sends `lines` until the server has taken them; `true` when it never will (or we have given up).
    private func send(_ lines: [LogLine]) async -> Bool {
        var rest = lines[...]
        var failures = 0
        while !rest.isEmpty {
            if state.withLock({ $0.isAbandoned }) { return true }
            do throws(ClearMLError) {
                rest = rest.dropFirst(try await server.addEventBatch(rest).sent)
                failures = 0
            } catch {
                // Refused for what they are (a task that was deleted or published): waiting changes nothing.
                if error.isPermanent, !error.isUnauthorized { return true }
                failures += 1
                do { try await pace.sleep(backoff.delay(failures: failures, jitter: pace.jitter())) } catch {
                    return true
                }
            }
        }
        return false
    }
}

/// Empties `list` and returns what was in it.
private func removeAll<Element>(_ list: inout [Element]) -> [Element] {
    defer { list = [] }
    return list
}
