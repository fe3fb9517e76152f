import CSupervisor
import Glibc
import Synchronization

/// Starts programs and looks after them, from one thread that lives as long as they do.
///
/// *Guarantees.* A program gets no file and no signal disposition of ours. Its output is read only as fast as asked for.
/// Its group cannot be mistaken for another's: it is signalled while the pid is still held. With `Orphans.reap`, every
/// process that falls to us is reaped, as PID 1 must.
///
/// *Assumptions.* `run()` has a thread to itself that does not end before the program does (a child dies with the thread
/// that made it). With `Orphans.reap`, nothing else in the process waits for children. For `signals`, `blockSignals()`
/// was called before the first thread was made.
public final class Supervisor: Sendable {
    /// What to do about children that we did not start.
    public enum Orphans: Sendable {
        /// Reap them: we are PID 1, or a subreaper.
        case reap
        /// Leave them to others in this process.
        case leave
    }

    enum Command: Sendable {
        case start(ProcessSpec, CheckedContinuation<Result<ChildProcess, SupervisorError>, Never>)
        case exit(Int, ContinuousClock.Instant?, CheckedContinuation<ProcessExit?, Never>)
        case read(Int, CheckedContinuation<[UInt8]?, Never>)
        case signal(Int, Int32)
        case forget(Int)
        case stop
    }

    private struct Inbox {
        var commands: [Command] = []
        var isClosed = false
    }

    /// The signals that arrive for us, CHLD excepted.
    public let signals: AsyncStream<Int32>

    private let signalSink: AsyncStream<Int32>.Continuation
    private let inbox = Mutex(Inbox())
    private let wake: Int32
    private let signalDescriptor: Int32
    private let orphans: Orphans

    /// Blocks what the loop reads as data. First thing in `main`, before any thread exists.
    public static func blockSignals() throws(SupervisorError) {
        if glue_block_signals() != 0 { throw .system(call: "pthread_sigmask", code: errno) }
    }

    /// A supervisor, not yet running. `readsSignals` needs `blockSignals()` before.
    public init(orphans: Orphans, readsSignals: Bool) throws(SupervisorError) {
        self.orphans = orphans
        // More than this many unread signals say nothing new.
        (signals, signalSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(16))
        wake = glue_wake_descriptor()
        if wake < 0 { throw .system(call: "eventfd", code: errno) }
        if readsSignals {
            signalDescriptor = glue_signal_descriptor()
            if signalDescriptor < 0 { throw .system(call: "signalfd", code: errno) }
        } else {
            signalDescriptor = -1
        }
        if case .reap = orphans, getpid() != 1, glue_become_subreaper() != 0 {
            throw .system(call: "prctl(PR_SET_CHILD_SUBREAPER)", code: errno)
        }
    }

    deinit {
        close(wake)
        if signalDescriptor >= 0 { close(signalDescriptor) }
    }

    /// Starts `spec`; returns once it has been executed.
    public func start(_ spec: ProcessSpec) async throws(SupervisorError) -> ChildProcess {
        try await withCheckedContinuation { post(.start(spec, $0)) }.get()
    }

    /// Ends `run()` after killing what still runs.
    public func stop() { post(.stop) }

    /// The loop; returns after `stop()`.
    public func run() {
        var children = ChildTable()
        var deadline: ContinuousClock.Instant?
        while true {
            wait(children)
            for command in inbox.withLock({ take(&$0.commands) }) {
                if case .stop = command {
                    children.killAll()
                    deadline = deadline ?? .now + .seconds(5)
                } else {
                    children.perform(command, self)
                }
            }
            while signalDescriptor >= 0 {
                let signal = glue_next_signal(signalDescriptor)
                if signal == 0 { break }
                if signal != SIGCHLD { signalSink.yield(signal) }
            }
            children.collectEnded(reapOrphans: isReaping)
            children.serveReaders()
            children.serveDeadlines()
            if let deadline, children.nothingRuns || .now >= deadline { break }
        }
        let left = inbox.withLock { inbox in
            inbox.isClosed = true
            return take(&inbox.commands)
        }
        for command in left { Self.refuse(command) }
        children.abandonAll()
        signalSink.finish()
    }

    func post(_ command: Command) {
        let isClosed = inbox.withLock { inbox in
            if !inbox.isClosed { inbox.commands.append(command) }
            return inbox.isClosed
        }
        if isClosed { Self.refuse(command) } else { glue_wake(wake) }
    }

    private var isReaping: Bool { if case .reap = orphans { true } else { false } }

    private static func refuse(_ command: Command) {
        switch command {
        case .start(_, let reply): reply.resume(returning: .failure(.stopped))
        case .exit(_, _, let reply): reply.resume(returning: .unknown)
        case .read(_, let reply): reply.resume(returning: nil)
        case .signal, .forget, .stop: break
        }
    }

    private func wait(_ children: ChildTable) {
        var polled = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
        if signalDescriptor >= 0 { polled.append(pollfd(fd: signalDescriptor, events: Int16(POLLIN), revents: 0)) }
        for descriptor in children.descriptors {
            polled.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
        poll(&polled, nfds_t(polled.count), children.timeout())
        glue_wake_clear(wake)
    }
}

/// Empties `list` and returns what was in it.
func take<Element>(_ list: inout [Element]) -> [Element] {
    defer { list = [] }
    return list
}
