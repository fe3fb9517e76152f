import Glibc
import Handoff
import OS

/// The folder of one execution: code, environment, the SDK's configuration.
struct Workspace: Sendable {
    /// Its root.
    let root: String
    /// Where the code lies.
    var code: String { root + "/code" }
    /// Where the Python environment lies.
    var environment: String { root + "/venv" }

    /// Makes the folder, fresh and for us alone.
    init(configuration: ExecutorConfiguration) throws(ExecutionFailure) {
        let temporary = configuration.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var root = configuration.workspace ?? "\(temporary)/clearml-\(configuration.taskID)"
        // A container that starts again in the same pod finds the old one.
        if Files.exists(root + "/code") { root += "-" + randomHex(bytes: 4) }
        self.root = root
        do throws(OSError) {
            try Files.makeFolder(root, mode: 0o700)
            try Files.makeFolder(root + "/code")
        } catch {
            throw .disk(
                error, what: "the workspace", hint: "mount a writable volume and set TMPDIR or GLUE_WORKSPACE to it")
        }
    }

    /// `path` below the code, as the plan names it; an absolute one stays.
    func path(_ path: String) -> String {
        path.hasPrefix("/") ? path : path == "." || path.isEmpty ? code : code + "/" + path
    }

    /// Writes the task's own script, unless the repository has a file of that name already.
    func write(script: String, plan: ExecutionPlan) throws(ExecutionFailure) {
        guard case .file(let name, _) = plan.entry else {
            throw ExecutionFailure(
                code: .codeFetch, reason: "the task has a script, but its entry point names no file to put it in",
                message: "set `script.entry_point` to a file name")
        }
        let path = name.hasPrefix("/") ? name : self.path(plan.workingDirectory) + "/" + name
        if Files.exists(path) { return }
        do throws(OSError) {
            if let slash = path.lastIndex(of: "/") { try Files.makeFolder(String(path[..<slash])) }
            let text = script.hasSuffix("\n") ? script : script + "\n"
            try Files.write(Array(text.utf8), to: path, mode: plan.isPython ? 0o644 : 0o755)
        } catch {
            throw .disk(error, what: "the script", hint: "give the pod more ephemeral storage, or mount a volume")
        }
    }
}

extension ExecutionFailure {
    /// A failed file operation: a full disk has an exit code of its own.
    static func disk(_ error: OSError, what: String, hint: String) -> ExecutionFailure {
        ExecutionFailure(
            code: error.isNoSpace ? .diskPreflight : .executor,
            reason: error.isNoSpace ? "no space left on the disk for \(what)" : "cannot write \(what)",
            message: "\(error) — \(hint)", isInfrastructure: false)
    }
}
