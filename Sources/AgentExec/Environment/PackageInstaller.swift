import Glibc
import Handoff
import OS
import Supervisor

/// Builds a virtual environment with uv, or with the image's own venv and pip where there is no uv.
struct PackageInstaller: Sendable {
    let workbench: Workbench
    let workspace: Workspace
    /// The folder of the requirements: other files and packages that they name by a path are looked for there.
    let folder: String

    /// Building from source takes its time; longer than this is a hang.
    private static let installLimit = Duration.seconds(3600)
    private static let shortLimit = Duration.seconds(300)

    /// What `python` has; `nil` when it cannot say.
    func installed(_ python: String) async throws(PhaseError) -> InstalledPackages? {
        let ran = try await run(python, ["-I", "-c", InstalledPackages.program], limit: Self.shortLimit)
        return ran.exit == .exited(0) ? InstalledPackages(ran.tail) : nil
    }

    /// A virtual environment over `python` (or over one that uv brings) with `install` in it. What is there already
    /// (`keep`) keeps its version.
    func build(
        python: String?, binary: String, install: Requirements, keep: Requirements
    ) async throws(PhaseError) -> Interpreter {
        let file = folder + "/.agent-exec-requirements.txt"
        let constraints = workspace.root + "/constraints.txt"
        do throws(OSError) {
            try Files.write(Array(install.text.utf8), to: file, mode: 0o600)
            try Files.write(Array(keep.text.utf8), to: constraints, mode: 0o600)
        } catch {
            throw .failed(.disk(error, what: "the requirements", hint: "give the pod more ephemeral storage"))
        }
        defer { unlink(file) }
        let environment = workspace.environment
        let interpreter = environment + "/bin/python"
        var extra = ["-r", file]
        // Names without a version would constrain nothing and are refused as constraints of a kind by some tools.
        if keep.lines.contains(where: { $0.version != nil }) { extra += ["-c", constraints] }
        workbench.console.say("installing \(install.lines.count { !$0.isOption }) of the task's packages")
        if let uv = workbench.toolbox.find("uv") {
            let version = binary.split(separator: "/").last?.drop { !$0.isNumber } ?? ""
            let wanted = python ?? (version.contains(".") ? String(version) : "3")
            let create = ["venv", "--quiet", "--system-site-packages", "--python", wanted, environment]
            try await mustSucceed(uv, create, limit: Self.shortLimit) { output in
                python == nil ? Self.noPython(output) : InstallFailure.of(output)
            }
            if InstallerEnvironment.forbidsIndex(self.environment) { extra.append("--no-index") }
            try await mustSucceed(
                uv, ["pip", "install", "--python", interpreter] + extra, limit: Self.installLimit, InstallFailure.of)
        } else {
            guard let python else { throw .failed(.noPython) }
            try await mustSucceed(
                python, ["-m", "venv", "--system-site-packages", environment], limit: Self.shortLimit, Self.noVenv)
            try await mustSucceed(
                interpreter, ["-m", "pip", "install", "--disable-pip-version-check", "--no-input"] + extra,
                limit: Self.installLimit, InstallFailure.of)
        }
        return Interpreter(executable: interpreter, virtual: environment)
    }

    // MARK: - Steps

    private func mustSucceed(
        _ program: String, _ arguments: [String], limit: Duration, _ failure: (String) -> ExecutionFailure
    ) async throws(PhaseError) {
        let ran = try await run(program, arguments, limit: limit, isEchoed: true)
        if ran.exit != .exited(0) { throw .failed(failure(ran.tail)) }
    }

    private func run(
        _ program: String, _ arguments: [String], limit: Duration, isEchoed: Bool = false
    ) async throws(PhaseError) -> Workbench.Ran {
        try await workbench.runTool(
            ProcessSpec(
                executable: program, arguments: arguments, environment: environment, workingDirectory: folder),
            limit: limit, isEchoed: isEchoed, code: .environment)
    }

    private var environment: [String: String] {
        let base = workbench.configuration.environment
        var environment = InstallerEnvironment.completed(ChildEnvironment.ofTools(base: base, home: workspace.root))
        // Outside of it nothing may be found that the code will not find.
        for name in ["PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"] { environment[name] = nil }
        // uv's own default lies in the home, which may be somebody else's.
        if environment["UV_CACHE_DIR"] == nil, let home = environment["HOME"], access(home, W_OK) != 0 {
            environment["UV_CACHE_DIR"] = workspace.root + "/uv-cache"
        }
        // uv trusts roots of its own otherwise, and no private CA.
        environment["SSL_CERT_FILE"] = environment["SSL_CERT_FILE"] ?? workbench.toolbox.certificates
        // Requirements may come out of private repositories.
        environment["GIT_TERMINAL_PROMPT"] = "0"
        environment.merge(
            GitCredentials(environment: base).askpassEnvironment(program: workbench.ownPath)
        ) { _, new in new }
        return environment
    }

    private static func noPython(_ output: String) -> ExecutionFailure {
        ExecutionFailure(
            code: .environment, reason: "the image has no Python, and uv could not bring one",
            message: "use an image with Python 3, or let the pod reach uv's downloads (UV_PYTHON_INSTALL_MIRROR)\n"
                + lastLines(output))
    }

    private static func noVenv(_ output: String) -> ExecutionFailure {
        let failure = InstallFailure.of(output)
        if failure.code == .diskPreflight { return failure }
        return ExecutionFailure(
            code: .environment, reason: "the image's Python cannot make a virtual environment",
            message:
                "its `venv` module is missing or broken: use an image with it (python3-venv), or the bundle, which has uv\n"
                + lastLines(output))
    }
}
