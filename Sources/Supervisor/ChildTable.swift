import CSupervisor
import Glibc

/// What the loop knows of its children. Lives on the loop's thread alone.
struct ChildTable {
    private struct Child {
        var spec: ProcessSpec
        var process: Spawned
        var exit: ProcessExit?
        /// After the end, output that somebody else still holds open is waited for no longer than this.
        var drainDeadline: ContinuousClock.Instant?
        var waiters: [(deadline: ContinuousClock.Instant?, reply: CheckedContinuation<ProcessExit?, Never>)] = []
        var reader: CheckedContinuation<[UInt8]?, Never>?
        var isForgotten = false
    }

    private var children: [Int: Child] = [:]
    private var nextIdentity = 1
    private var buffer = [UInt8](repeating: 0, count: 256 << 10)

    /// What was written before the end is in the pipe already; this is for what descendants write while they die.
    private static let drain = Duration.milliseconds(500)
    /// The fallback where no descriptor tells of an end.
    private static let tick = Duration.milliseconds(25)

    /// What to poll for.
    var descriptors: [Int32] {
        children.values.flatMap { child in
            var result: [Int32] = []
            if child.exit == nil, child.process.descriptor >= 0 { result.append(child.process.descriptor) }
            if child.reader != nil, child.process.output >= 0 { result.append(child.process.output) }
            return result
        }
    }

    /// Whether every program has ended.
    var nothingRuns: Bool { children.values.allSatisfy { $0.exit != nil } }

    /// Milliseconds for `poll`: until the next deadline, -1 if there is none.
    func timeout() -> Int32 {
        let now = ContinuousClock.now
        var next: Duration?
        func limit(to duration: Duration) { next = min(next ?? duration, duration) }
        for child in children.values {
            if child.exit == nil, child.process.descriptor < 0 { limit(to: Self.tick) }
            for waiter in child.waiters { if let deadline = waiter.deadline { limit(to: deadline - now) } }
            if child.reader != nil, let deadline = child.drainDeadline { limit(to: deadline - now) }
        }
        guard let next else { return -1 }
        let milliseconds = next.components.seconds * 1000 + next.components.attoseconds / 1_000_000_000_000_000
        return Int32(clamping: max(0, milliseconds + 1))
    }

    /// Does what was asked; `.stop` is the loop's own.
    mutating func perform(_ command: Supervisor.Command, _ supervisor: Supervisor) {
        switch command {
        case .start(let spec, let reply):
            do {
                let process = try spawn(spec)
                let identity = nextIdentity
                nextIdentity += 1
                children[identity] = Child(spec: spec, process: process)
                reply.resume(
                    returning: .success(ChildProcess(pid: process.pid, identity: identity, supervisor: supervisor)))
            } catch {
                reply.resume(returning: .failure(error))
            }
        case .exit(let identity, let deadline, let reply):
            if let exit = children[identity]?.exit { return reply.resume(returning: exit) }
            guard children[identity] != nil else { return reply.resume(returning: .unknown) }
            children[identity]?.waiters.append((deadline, reply))
        case .read(let identity, let reply):
            guard let child = children[identity], child.process.output >= 0, child.reader == nil else {
                return reply.resume(returning: nil)
            }
            children[identity]?.reader = reply
        case .signal(let identity, let signal):
            // Not reaped yet, so the number is still this group's.
            if let child = children[identity], child.exit == nil { kill(-child.process.pid, signal) }
        case .forget(let identity):
            children[identity]?.isForgotten = true
            dropIfDone(identity)
        case .stop: break
        }
    }

    /// Takes note of who has ended.
    mutating func collectEnded(reapOrphans: Bool) {
        for (identity, child) in children where child.exit == nil {
            if glue_has_ended(child.process.pid) != 0 { finish(identity) }
        }
        guard reapOrphans else { return }
        while case let pid = glue_any_ended(), pid > 0 {
            if let identity = children.first(where: { $0.value.process.pid == pid && $0.value.exit == nil })?.key {
                finish(identity)
            } else {
                var code: Int32 = 0
                var signal: Int32 = 0
                if glue_reap(pid, &code, &signal) != 1 { break }
            }
        }
    }

    /// Hands out output where there is some.
    mutating func serveReaders() {
        for (identity, child) in children where child.reader != nil {
            let count = read(child.process.output, &buffer, buffer.count)
            if count > 0 {
                reply(identity, Array(buffer[..<count]))
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                closeOutput(identity)
            } else if let deadline = child.drainDeadline, .now >= deadline {
                closeOutput(identity)
            }
        }
    }

    /// Answers those whose time is over.
    mutating func serveDeadlines() {
        let now = ContinuousClock.now
        for (identity, child) in children where !child.waiters.isEmpty {
            let due = child.waiters.filter { $0.deadline.map { $0 <= now } ?? false }
            guard !due.isEmpty else { continue }
            children[identity]?.waiters.removeAll { $0.deadline.map { $0 <= now } ?? false }
            for waiter in due { waiter.reply.resume(returning: nil) }
        }
    }

    /// KILL to every group.
    func killAll() {
        for child in children.values where child.exit == nil { kill(-child.process.pid, SIGKILL) }
    }

    /// Lets everybody go who still waits.
    mutating func abandonAll() {
        for identity in children.keys {
            for waiter in children[identity]?.waiters ?? [] { waiter.reply.resume(returning: .unknown) }
            children[identity]?.waiters = []
            closeOutput(identity)
            if let descriptor = children[identity]?.process.descriptor, descriptor >= 0 { close(descriptor) }
        }
        children = [:]
    }

    // MARK: - Steps

    private mutating func finish(_ identity: Int) {
        guard var child = children[identity] else { return }
        // Before reaping: until then neither the pid nor the group can belong to anybody else.
        if child.spec.killsGroupAtEnd { kill(-child.process.pid, SIGKILL) }
        var code: Int32 = 0
        var signal: Int32 = 0
        let reaped = glue_reap(child.process.pid, &code, &signal)
        if reaped == 0 { return }
        child.exit = reaped < 0 ? .unknown : signal != 0 ? .signalled(signal) : .exited(code)
        child.drainDeadline = .now + Self.drain
        if child.process.descriptor >= 0 { close(child.process.descriptor) }
        child.process.descriptor = -1
        let waiters = child.waiters
        child.waiters = []
        children[identity] = child
        for waiter in waiters { waiter.reply.resume(returning: child.exit) }
        dropIfDone(identity)
    }

    private mutating func reply(_ identity: Int, _ bytes: [UInt8]?) {
        let reader = children[identity]?.reader
        children[identity]?.reader = nil
        reader?.resume(returning: bytes)
    }

    private mutating func closeOutput(_ identity: Int) {
        if let output = children[identity]?.process.output, output >= 0 { close(output) }
        children[identity]?.process.output = -1
        reply(identity, nil)
        dropIfDone(identity)
    }

    private mutating func dropIfDone(_ identity: Int) {
        guard let child = children[identity], child.isForgotten, child.exit != nil, child.reader == nil else { return }
        if child.process.output >= 0 { close(child.process.output) }
        children[identity] = nil
    }
}
