import ClearMLClient
import CurlTransport
import Glibc
import HTTP
import Handoff
import Logging
import OS
import Supervisor

/// The executor: PID 1 of every task container.
@main
struct AgentExecCommand {
    static func main() {
        // Before anything can start a thread: threads inherit what is blocked.
        do throws(SupervisorError) { try Supervisor.blockSignals() } catch { fail("\(error)", .executor) }
        let environment = ProcessFacts.environment()
        if environment[ExecutorConfiguration.Variable.askpassHost] != nil { answerGit(environment) }
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "run" where arguments.count == 1: run(environment)
        case "install" where arguments.count == 2: install(arguments[1])
        case "supervise" where arguments.count > 1:
            var command = Array(arguments.dropFirst())
            if command.first == "--" { command.removeFirst() }
            supervise(command, environment)
        case "--version": print("agent-exec \(version) (handoff \(Handoff.version))")
        case "--help", "-h": print(usage)
        default:
            write(
                "agent-exec: "
                    + (arguments.isEmpty ? "no command given" : "cannot read `\(arguments.joined(separator: " "))`"))
            write(usage)
            exit(64)
        }
    }

    static let version = "0.1.0"

    static let usage = """
        usage: agent-exec run                    run the task that the environment names (GLUE_*, CLEARML_API_*)
               agent-exec install DIR            copy the folder that this program lies in, bin and all, to DIR
               agent-exec supervise [--] COMMAND run COMMAND as PID 1 should: forward signals, reap orphans, exit as it does
               agent-exec --version | --help

        Exit codes are listed in docs/exit-codes.md.
        """

    /// Runs `body` beside the supervisor's loop, which has the main thread: children die with the thread that made them.
    private static func with(
        _ supervisor: Supervisor, _ body: @escaping @Sendable () async -> Int32
    ) -> Never {
        // The one unstructured task of the program: its result ends the process.
        Task {
            let code = await body()
            // Without the library's tidying up: other threads still run.
            fflush(nil)
            _exit(code)
        }
        supervisor.run()
        exit(ExitCode.executor.rawValue)
    }

    private static func makeSupervisor() -> Supervisor {
        do throws(SupervisorError) { return try Supervisor(orphans: .reap, readsSignals: true) } catch {
            fail("\(error)", .executor)
        }
    }

    private static func run(_ environment: [String: String]) {
        let configuration: ExecutorConfiguration
        do throws(ClearMLConfigurationError) {
            configuration = try ExecutorConfiguration(environment: environment)
        } catch {
            let cause = "the environment is not what glue gives: " + error.problems.joined(separator: "; ")
            let verdict = Verdict(outcome: .failed, phase: .gate, cause: cause, reported: false)
            record(verdict, at: environment[Handoff.Variable.verdictPath])
            fail(cause, .executor)
        }
        let supervisor = makeSupervisor()
        with(supervisor) {
            let session = Session(
                configuration: configuration, supervisor: supervisor,
                record: { record($0, at: configuration.verdictPath) })
            let (verdict, code) = await session.run()
            write("agent-exec: \(verdict.outcome.rawValue) in phase \(verdict.phase.rawValue): \(verdict.cause)")
            return code
        }
    }

    private static func supervise(_ command: [String], _ environment: [String: String]) {
        guard let name = command.first, let executable = ProcessSpec.find(name, path: environment["PATH"]) else {
            write("agent-exec: `\(command.first ?? "")` is no executable on PATH")
            exit(127)
        }
        let supervisor = makeSupervisor()
        with(supervisor) {
            do throws(SupervisorError) {
                let child = try await supervisor.start(
                    ProcessSpec(
                        executable: executable, arguments: Array(command.dropFirst()), environment: environment,
                        output: .inherit))
                return await withTaskGroup { group in
                    group.addTask { for await signal in supervisor.signals { child.signalGroup(signal) } }
                    let end = await child.exit()
                    group.cancelAll()
                    return end.shellCode
                }
            } catch {
                write("agent-exec: \(error)")
                return error.code == ENOENT ? 127 : 126
            }
        }
    }

    private static func install(_ folder: String) {
        do throws(InstallationError) {
            let count = try Installation(target: folder).run()
            print("agent-exec: \(count) files installed in \(folder)")
        } catch { fail("\(error)", .diskPreflight) }
    }

    private static func answerGit(_ environment: [String: String]) -> Never {
        guard CommandLine.arguments.count == 2,
            let answer = GitCredentials.answer(to: CommandLine.arguments[1], environment: environment)
        else { exit(1) }
        print(answer.reveal())
        exit(0)
    }

    /// In place: the kubelet's file is a mount of its own, which cannot be replaced by another.
    private static func record(_ verdict: Verdict, at path: String?) {
        guard let path, !path.isEmpty else { return }
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { return write("agent-exec: \(OSError("open", path, code: errno))") }
        defer { close(file) }
        let bytes = verdict.encoded()
        if Glibc.write(file, bytes, bytes.count) != bytes.count {
            write("agent-exec: \(OSError("write", path, code: errno))")
        }
    }

    private static func fail(_ message: String, _ code: ExitCode) -> Never {
        write("agent-exec: " + message)
        exit(code.rawValue)
    }

    /// A line to stderr.
    static func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = Glibc.write(2, bytes, bytes.count)
    }
}
