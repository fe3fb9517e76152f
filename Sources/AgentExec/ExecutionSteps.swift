import ClearMLClient
import HTTP
import Handoff
import OS
import Supervisor

// Small steps of `Execution`.
extension Execution {
    /// A failure of a step as a failure of its phase.
    func failing<Result>(_ step: () throws(ExecutionFailure) -> Result) throws(PhaseError) -> Result {
        do throws(ExecutionFailure) { return try step() } catch { throw .failed(error) }
    }

    /// Calls the server until it answers. The task is ours by now, so its silence is waited out as at the end; then the
    /// attempt ends, without fault of the task's.
    func patiently<Answer: Sendable>(
        _ what: String, _ call: () async throws(ClearMLError) -> Answer
    ) async throws(PhaseError) -> Answer {
        let deadline = pace.now() + configuration.reportPatience
        while true {
            if stop.cause != nil { throw .stopped(nil) }
            let failure: ClearMLError
            do throws(ClearMLError) { return try await call() } catch { failure = error }
            // Aborted or reset meanwhile: the watch will find out which, and the report says so.
            if failure.isRefusal(.invalidTaskStatus) { throw .stopped(nil) }
            if failure.isPermanent || pace.now() >= deadline {
                throw .failed(
                    ExecutionFailure(
                        code: .serverUnreachable, reason: what, message: "\(failure)", isInfrastructure: true))
            }
            do { try await pace.sleep(.seconds(1)) } catch { throw .stopped(nil) }
        }
    }

    /// Writes the SDK's configuration.
    func announceRun(_ workspace: Workspace) throws(PhaseError) {
        let text = SDKConfiguration.text(
            configuration: configuration, existing: SDKConfiguration.existing(environment: configuration.environment))
        do throws(OSError) {
            try Files.write(Array(text.reveal().utf8), to: workspace.root + "/clearml.conf", mode: 0o600)
        } catch {
            throw .failed(.disk(error, what: "the SDK's configuration", hint: "give the pod more ephemeral storage"))
        }
    }

    /// The user's code as a process.
    func taskSpec(
        _ plan: ExecutionPlan, workspace: Workspace, interpreter: Interpreter, environment: [String: String]
    ) throws(ExecutionFailure) -> ProcessSpec {
        let folder = workspace.path(plan.workingDirectory)
        do throws(OSError) { try Files.makeFolder(folder) } catch {
            throw .disk(error, what: "the working directory", hint: "check `script.working_dir`")
        }
        if case .file(let file, _) = plan.entry {
            let path = file.hasPrefix("/") ? file : folder + "/" + file
            guard Files.exists(path) else {
                throw ExecutionFailure(
                    code: .codeFetch, reason: "the entry point `\(file)` does not exist in `\(plan.workingDirectory)`",
                    message: "check `script.entry_point` and `script.working_dir`, and that the file is committed")
            }
        }
        let command = Entrypoint.command(plan, interpreter: interpreter.executable)
        var folders: [String] = []
        if plan.isPython {
            folders = [folder]
            if case .file(let file, _) = plan.entry, let slash = file.lastIndex(of: "/") {
                folders.append(file.hasPrefix("/") ? String(file[..<slash]) : folder + "/" + file[..<slash])
            }
        }
        return ProcessSpec(
            executable: command.executable, arguments: command.arguments,
            environment: ChildEnvironment.ofTask(
                base: environment, taskID: configuration.taskID, worker: configuration.worker,
                configurationFile: workspace.root + "/clearml.conf", folders: folders, virtual: interpreter.virtual,
                home: workspace.root),
            workingDirectory: folder)
    }
}

/// What runs the user's code.
struct Interpreter: Sendable, Equatable {
    /// The program.
    var executable: String
    /// The virtual environment it belongs to, if any.
    var virtual: String?
}

/// Measures the phases.
struct PhaseClock: Sendable {
    private let pace: Pace
    private var phase = Phase.gate
    private var began: Duration
    private var times: [Phase: Double] = [:]

    init(pace: Pace) {
        self.pace = pace
        began = pace.now()
    }

    /// Ends the phase before and begins `next`.
    mutating func enter(_ next: Phase) {
        close()
        phase = next
    }

    /// The times of all phases before `end`: `gate 0.05 s, fetch 0.01 s`.
    func shown(before end: Phase) -> String {
        Phase.allCases.prefix { $0 != end }.compactMap { phase in
            times[phase].map { "\(phase.rawValue) \(Double(Int($0 * 100)) / 100) s" }
        }.joined(separator: ", ")
    }

    /// A verdict in the phase that we are in, or were in before the report.
    mutating func verdict(_ outcome: Verdict.Outcome, cause: String, reported: Bool) -> Verdict {
        close()
        let last = phase == .report ? Phase.allCases.last { $0 != .report && times[$0] != nil } ?? .report : phase
        return Verdict(outcome: outcome, phase: last, cause: cause, reported: reported, timings: times)
    }

    private mutating func close() {
        let now = pace.now()
        let spent = (now - began).components
        times[phase, default: 0] += Double(spent.seconds) + Double(spent.attoseconds) / 1e18
        began = now
    }
}
