import ClearMLClient
import Glibc
import Handoff
import Supervisor

/// How the work itself ended, whatever the server says of the task.
enum WorkEnd: Sendable, Equatable {
    /// The user's code ended by itself.
    case ended(ProcessExit)
    /// We ended it, or what came before it.
    case stopped(ProcessExit?)
    /// It never ran.
    case failed(ExecutionFailure)
}

/// Why the user's code could not be run, for its author to read.
struct ExecutionFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What the executor exits with.
    var code: ExitCode
    /// Short, for the status reason.
    var reason: String
    /// What happened, and what to do.
    var message: String
    /// The pod, not the task, is at fault: another try may succeed, and the task is not failed for it.
    var isInfrastructure = false

    /// The same without secrets.
    func redacted(_ redactor: Redactor) -> ExecutionFailure {
        var result = self
        result.reason = redactor.redacted(reason)
        result.message = redactor.redacted(message)
        return result
    }

    /// Reason and message.
    var description: String { message.isEmpty ? reason : "\(reason): \(message)" }
}

/// What becomes of the task. Decided purely; `FinalReport` carries it out.
struct Outcome: Sendable, Equatable {
    /// A status to write; valid only while the task is in progress and ours.
    enum Write: Sendable, Equatable {
        case completed
        case failed(reason: String)
        case stopped(reason: String)
    }

    var verdict: Verdict.Outcome
    var exitCode: Int32
    var cause: String
    var write: Write?
    /// The server has it already.
    var isOnServer = false

    /// Decides.
    /// - Parameters:
    ///   - standing: the task at the end; `nil` when the server could not be asked.
    ///   - memoryKills: processes of the container killed for memory while the task ran.
    init(work: WorkEnd, stop: StopCause?, standing: TaskStanding?, memoryKills: Int64) {
        switch standing {
        case .taken(.stopped, _):
            self.init(.stopped, 0, "the task was aborted", isOnServer: true)
            return
        case .taken(.failed, _):
            // By its own code (`mark_failed`), or by hand: it stands.
            self.init(.failed, Self.code(of: work, atLeast: 1), "the task was marked failed", isOnServer: true)
            return
        case .taken(_, let reason):
            self.init(.notOurs, ExitCode.notOurs.rawValue, reason)
            return
        case .finished(let status):
            self.init(.completed, 0, "the task's own code marked it \(status.rawValue)", isOnServer: true)
            return
        case .ours, .abortRequested, nil: break
        }
        if standing == nil, case .taken(let status, let reason) = stop {
            // Not ours when last seen, and nobody to ask again.
            self.init(
                status == .stopped ? .stopped : .notOurs, status == .stopped ? 0 : ExitCode.notOurs.rawValue, reason)
            return
        }
        let isAborted = stop == .abort || standing == .abortRequested
        switch work {
        case .ended(.exited(0)): self.init(.completed, 0, "the code ended with exit code 0", write: .completed)
        case .ended(let exit) where !isAborted: self = Self.failure(exit, memoryKills: memoryKills)
        case .failed(let failure) where !isAborted && failure.isInfrastructure:
            self.init(.runAgain, failure.code.rawValue, failure.description)
        case .failed(let failure) where !isAborted:
            self.init(.failed, failure.code.rawValue, failure.description, write: .failed(reason: failure.reason))
        case .stopped where !isAborted:
            let isFenced = if case .unreachable = stop { true } else { false }
            self.init(
                .runAgain, isFenced ? ExitCode.serverUnreachable.rawValue : ExitCode.runAgain.rawValue,
                Self.terminated(stop))
        case .ended, .failed, .stopped:
            self.init(
                .stopped, 0, "the task was aborted by the user",
                write: .stopped(reason: "task was stopped by tasks.stop"))
        }
    }

    private init(
        _ verdict: Verdict.Outcome, _ exitCode: Int32, _ cause: String, write: Write? = nil, isOnServer: Bool = false
    ) {
        self.verdict = verdict
        self.exitCode = exitCode
        self.cause = cause
        self.write = write
        self.isOnServer = isOnServer
    }

    private static func failure(_ exit: ProcessExit, memoryKills: Int64) -> Outcome {
        let reason = "worker execution exit code \(exit.shellCode)"
        if memoryKills > 0 {
            return Outcome(
                .failed, ExitCode.memoryKill.rawValue,
                "killed for memory: \(memoryKills) process(es) of the container met its memory limit, the code ended with "
                    + "\(exit) — raise the memory limit, or lower what the code needs at once",
                write: .failed(reason: "killed for memory"))
        }
        let cause =
            switch exit {
            case .signalled(let signal): "the code was ended by signal \(signal)\(name(of: signal))"
            case .exited, .unknown: "the code ended with \(exit)"
            }
        return Outcome(.failed, exit.shellCode, cause, write: .failed(reason: reason))
    }

    private static func code(of work: WorkEnd, atLeast least: Int32) -> Int32 {
        if case .ended(let exit) = work { return max(exit.shellCode, least) }
        return least
    }

    private static func terminated(_ stop: StopCause?) -> String {
        if case .terminated(let signal) = stop { return "the pod was terminated (signal \(signal)) while the task ran" }
        if case .unreachable(let limit) = stop {
            return "the ClearML server was not reached for \(limit.components.seconds) s, so the code was ended"
        }
        return "the executor was ended from outside"
    }

    private static func name(of signal: Int32) -> String {
        switch signal {
        case SIGKILL: " (KILL)"
        case SIGTERM: " (TERM)"
        case SIGSEGV: " (SEGV: memory access)"
        case SIGBUS: " (BUS: often a full /dev/shm)"
        case SIGABRT: " (ABRT)"
        case SIGFPE: " (FPE: arithmetic)"
        case SIGILL: " (ILL: an instruction this processor does not have)"
        case SIGINT: " (INT)"
        default: ""
        }
    }
}
