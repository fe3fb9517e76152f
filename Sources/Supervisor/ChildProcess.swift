import Glibc

/// A program that we have started. It leads a session and a process group of its own.
public final class ChildProcess: Sendable {
    /// Its process id, and its group's.
    public let pid: Int32
    private let identity: Int
    private let supervisor: Supervisor

    init(pid: Int32, identity: Int, supervisor: Supervisor) {
        self.pid = pid
        self.identity = identity
        self.supervisor = supervisor
    }

    deinit { supervisor.post(.forget(identity)) }

    /// Waits for its end.
    public func exit() async -> ProcessExit {
        await exit(deadline: nil) ?? .unknown
    }

    /// Waits for its end, at most this long; `nil` when it still runs then.
    public func exit(within limit: Duration) async -> ProcessExit? {
        await exit(deadline: .now + limit)
    }

    /// The next piece of its output, `nil` after the last.
    ///
    /// Nothing is read that nobody has asked for: a slow reader slows the program, and no memory fills.
    /// The output ends with the program (and what it wrote before), although a process that left its group may
    /// still hold the other end.
    public func read() async -> [UInt8]? {
        await withCheckedContinuation { supervisor.post(.read(identity, $0)) }
    }

    /// Sends `signal` to its whole group. Harmless once it has ended.
    public func signalGroup(_ signal: Int32) {
        supervisor.post(.signal(identity, signal))
    }

    /// Ends it as `plan` says, and waits for that. Not cancelled with its task.
    public func tearDown(_ plan: TeardownPlan) async -> ProcessExit {
        for step in plan.steps {
            signalGroup(step.signal)
            if let exit = await exit(within: step.wait) { return exit }
        }
        signalGroup(SIGKILL)
        // A process stuck in the kernel (a dead file server) outlives even this; waiting on would help nobody.
        return await exit(within: .seconds(10)) ?? .unknown
    }

    private func exit(deadline: ContinuousClock.Instant?) async -> ProcessExit? {
        await withCheckedContinuation { supervisor.post(.exit(identity, deadline, $0)) }
    }
}
