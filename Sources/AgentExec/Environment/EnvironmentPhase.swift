import ClearMLClient
import Handoff
import JSON
import OS
import Supervisor

/// Finds, or builds, what runs the code.
struct EnvironmentPhase: Sendable {
    let workbench: Workbench
    let workspace: Workspace
    let server: ClearMLServer

    func run(_ plan: ExecutionPlan, script: JSONValue) async throws(PhaseError) -> Interpreter {
        let path = workbench.configuration.environment["PATH"]
        guard plan.isPython else {
            do throws(ExecutionFailure) {
                return Interpreter(executable: try Entrypoint.shell(plan.binary, path: path))
            } catch { throw .failed(error) }
        }
        let python = PythonLookup.find(plan.binary, path: path)
        guard let python else {
            throw .failed(
                ExecutionFailure(code: .environment, reason: "the image has no Python", message: ""))
        }
        return Interpreter(executable: python)
    }
}

/// The image's own Python.
enum PythonLookup {
    /// The interpreter that the task names, else the nearest: `python3.11`, `python3`, `python`.
    static func find(_ binary: String, path: String?) -> String? {
        let name = String(binary.split(separator: "/").last ?? "python3")
        let candidates = (binary.hasPrefix("/") ? [binary] : []) + [name, "python3", "python"]
        return candidates.lazy.compactMap { ProcessSpec.find($0, path: path) }.first
    }
}
