import ClearMLClient
import Handoff
import Supervisor
import Synchronization

/// Why a phase ended without its result.
enum PhaseError: Error, Sendable, Equatable {
    /// It failed.
    case failed(ExecutionFailure)
    /// The stop signal was raised.
    case stopped(ProcessExit?)
}

/// Runs programs for the phases: their output to the console, their end when the stop signal says so.
struct Workbench: Sendable {
    var configuration: ExecutorConfiguration
    let supervisor: Supervisor
    let console: Console
    let stop: StopSignal
    let pace: Pace
    /// This program, which is also git's askpass, and lies in the bundle.
    var ownPath = Toolbox.ownPath()

    /// The programs at hand.
    var toolbox: Toolbox { Toolbox(path: configuration.environment["PATH"], executable: ownPath) }

    /// How a program ended.
    struct Ran: Sendable {
        var exit: ProcessExit
        /// We ended it: the stop signal, or its time was over.
        var isStopped: Bool
        var isTooLate: Bool
        /// The end of its output, for tools.
        var tail: String
    }

    /// Starts `spec` and stays until it has ended and its output is read.
    /// - Parameters:
    ///   - grace: between TERM and KILL, when it has to be ended.
    ///   - limit: the most it may take; `nil` only for the user's own code, which the abort watch guards.
    ///   - isEchoed: whether its output goes to the console.
    func run(
        _ spec: ProcessSpec, grace: Duration, limit: Duration?, isEchoed: Bool
    ) async throws(SupervisorError) -> Ran {
        let child = try await supervisor.start(spec)
        let marks = EndMarks()
        var tail: [UInt8] = []
        let exit = await withTaskGroup { group in
            group.addTask {
                guard await stop.wait(), await child.exit(within: .zero) == nil else { return }
                marks.isStopped.store(true, ordering: .relaxed)
                _ = await child.tearDown(.terminate(grace: grace))
                // Nobody may wait for room in the console now, or the report never begins.
                console.stopThrottling()
            }
            if let limit {
                group.addTask {
                    do { try await pace.sleep(limit) } catch { return }
                    guard await child.exit(within: .zero) == nil else { return }
                    marks.isTooLate.store(true, ordering: .relaxed)
                    _ = await child.tearDown(.terminate(grace: grace))
                }
            }
            while let chunk = await child.read() {
                if isEchoed { await console.accept(chunk) }
                tail += chunk
                if tail.count > 2 * Self.tailSize { tail.removeFirst(tail.count - Self.tailSize) }
            }
            let exit = await child.exit()
            group.cancelAll()
            return exit
        }
        if isEchoed { console.flushPartial() }
        return Ran(
            exit: exit, isStopped: marks.isStopped.load(ordering: .relaxed),
            isTooLate: marks.isTooLate.load(ordering: .relaxed),
            tail: String(decoding: tail.suffix(Self.tailSize), as: UTF8.self))
    }

    /// Runs a tool that must end well; its failure is for the caller to read out of `Ran`.
    func runTool(
        _ spec: ProcessSpec, limit: Duration, isEchoed: Bool, code: ExitCode
    ) async throws(PhaseError) -> Ran {
        if stop.cause != nil { throw .stopped(nil) }
        let ran: Ran
        do throws(SupervisorError) {
            ran = try await run(spec, grace: .seconds(2), limit: limit, isEchoed: isEchoed)
        } catch {
            throw .failed(ExecutionFailure(code: code, reason: "\(error)", message: ""))
        }
        if ran.isStopped { throw .stopped(ran.exit) }
        if ran.isTooLate {
            throw .failed(
                ExecutionFailure(
                    code: code,
                    reason:
                        "`\(spec.executable.split(separator: "/").last ?? "")` did not end within \(limit.components.seconds) s",
                    message: lastLines(ran.tail)))
        }
        return ran
    }

    /// A list of installed packages must fit; what goes into messages is cut by those who write them.
    private static let tailSize = 1 << 20
}

/// Why we have ended a program; shared by those who watch it.
private final class EndMarks: Sendable {
    let isStopped = Atomic(false)
    let isTooLate = Atomic(false)
}

/// The last `count` lines of `text` with something in them.
func lastLines(_ text: String, _ count: Int = 15) -> String {
    text.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }.suffix(count).joined(separator: "\n")
}
