import Handoff
import OS
import Supervisor

/// From the plan to a command line.
enum Entrypoint {
    /// The command that runs the plan's entry with `interpreter`, in `folder`.
    static func command(
        _ plan: ExecutionPlan, interpreter: String
    ) -> (executable: String, arguments: [String]) {
        let own = plan.isPython ? ["-u"] : []
        switch plan.entry {
        case .file(let file, let arguments): return (interpreter, own + [file] + arguments)
        case .module(let module, let arguments): return (interpreter, own + ["-m", module] + arguments)
        case .code(let code, let arguments): return (interpreter, own + ["-c", code] + arguments)
        }
    }

    /// For the console: as one would type it.
    static func shown(_ executable: String, _ arguments: [String]) -> String {
        ([executable] + arguments).map { word in
            let plain = word.allSatisfy { $0.isLetter || $0.isNumber || "-_./=:,@%+".contains($0) }
            return plain && !word.isEmpty
                ? word
                : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
        }.joined(separator: " ")
    }

    /// The interpreter for a script that is not Python's: what the task names, else a shell that is there.
    static func shell(_ binary: String, path: String?) throws(ExecutionFailure) -> String {
        if let found = ProcessSpec.find(binary, path: path) { return found }
        let name = String(binary.split(separator: "/").last ?? "")
        if let found = ProcessSpec.find(name, path: path) { return found }
        if ["bash", "zsh", "sh"].contains(name), let found = ProcessSpec.find("sh", path: path) { return found }
        throw ExecutionFailure(
            code: .environment, reason: "the image has no `\(binary)`",
            message: "the task asks for it in `script.binary`; use an image that has it, or another binary")
    }
}
