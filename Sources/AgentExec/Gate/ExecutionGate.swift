import ClearMLClient
import Handoff

// The first step of an `Execution`.
extension Execution {
    /// Why there is nothing to run.
    struct Refusal {
        var outcome: Verdict.Outcome
        var exitCode: Int32
        var cause: String
    }

    /// Passes the start gate; `nil` when the task is ours.
    func passGate() async -> Refusal? {
        if let refusal = await logIn() { return refusal }
        let gate = StartGate(configuration: configuration, server: server, pace: pace)
        switch await gate.pass(isStopped: { stop.cause != nil }) {
        case nil: return nil
        case .notOurs(let cause):
            return Refusal(outcome: .notOurs, exitCode: ExitCode.notOurs.rawValue, cause: cause)
        case .unknown(let cause):
            return Refusal(outcome: .gateUnknown, exitCode: ExitCode.notOurs.rawValue, cause: cause)
        case .unreachable(let cause):
            let code = stop.cause == nil ? ExitCode.serverUnreachable : .runAgain
            return Refusal(outcome: .runAgain, exitCode: code.rawValue, cause: cause)
        }
    }

    /// Finds out early whether this server can be worked with at all.
    private func logIn() async -> Refusal? {
        let deadline = pace.now() + .seconds(120)
        while true {
            do throws(ClearMLError) {
                _ = try await server.login()
                return nil
            } catch {
                if case .tooOld = error {
                    return Refusal(outcome: .failed, exitCode: ExitCode.serverUnreachable.rawValue, cause: "\(error)")
                }
                let isOver = error.isPermanent || stop.cause != nil || pace.now() >= deadline
                if !isOver, (try? await pace.sleep(.seconds(1))) != nil { continue }
                return Refusal(outcome: .runAgain, exitCode: ExitCode.serverUnreachable.rawValue, cause: "\(error)")
            }
        }
    }
}
