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

    private var configuration: ExecutorConfiguration { workbench.configuration }

    /// The interpreter, with everything installed that the task asks for.
    func run(_ plan: ExecutionPlan, script: JSONValue) async throws(PhaseError) -> Interpreter {
        let path = configuration.environment["PATH"]
        guard plan.isPython else {
            do throws(ExecutionFailure) {
                return Interpreter(executable: try Entrypoint.shell(plan.binary, path: path))
            } catch { throw .failed(error) }
        }
        if let given = try givenInterpreter(path) { return given }
        let python = PythonLookup.find(plan.binary, path: path)
        if let python { warn(ifNot: plan.binary, python) }
        if isOn("CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL") {
            workbench.console.say("nothing is installed: CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL is set")
            return try Interpreter(executable: present(python))
        }
        let (requirements, folder) = requirements(plan)
        let installer = PackageInstaller(workbench: workbench, workspace: workspace, folder: folder)
        let conda = script.at("requirements", "conda")?.string.nonEmpty
        if plan.requirements == nil, conda != nil {
            workbench.console.say(
                "the task lists its packages for conda only: those are not installed", level: "WARNING")
        }
        if requirements.isEmpty, let python { return Interpreter(executable: python) }
        var installed: InstalledPackages?
        if let python { installed = try await installer.installed(python) }
        let (missing, there) = requirements.divided(by: installed?.versions ?? [:])
        if missing.isEmpty, let python {
            workbench.console.say("the image has all \(there.lines.count) packages that the task asks for")
            return Interpreter(executable: python)
        }
        let interpreter = try await installer.build(python: python, binary: plan.binary, install: missing, keep: there)
        let result = try await installer.installed(interpreter.executable)
        await record(result?.lines(keeping: requirements), script)
        return interpreter
    }

    // MARK: - Steps

    /// An interpreter that the template names; it is taken as it is.
    private func givenInterpreter(_ path: String?) throws(PhaseError) -> Interpreter? {
        guard let given = configuration.environment["CLEARML_AGENT_SKIP_PIP_VENV_INSTALL"].nonEmpty else { return nil }
        // A switch instead of a path means the image's own.
        let name = ["1", "true", "yes"].contains(given.lowercased()) ? "python3" : given
        guard let python = ProcessSpec.find(name, path: path) else {
            throw .failed(
                ExecutionFailure(
                    code: .environment, reason: "the image has no `\(name)`",
                    message: "CLEARML_AGENT_SKIP_PIP_VENV_INSTALL names it; use the path of a Python in the image"))
        }
        workbench.console.say("nothing is installed: CLEARML_AGENT_SKIP_PIP_VENV_INSTALL names \(python)")
        return Interpreter(executable: python)
    }

    private func present(_ python: String?) throws(PhaseError) -> String {
        if let python { return python }
        throw .failed(.noPython)
    }

    /// What the task asks for; else what its repository does; and the SDK, without which nothing is reported.
    private func requirements(_ plan: ExecutionPlan) -> (Requirements, folder: String) {
        var text = plan.requirements
        let working = workspace.path(plan.workingDirectory)
        var place = Files.exists(working) ? working : workspace.code
        var mayNeedSDK = true
        switch plan.source {
        case .repository where text == nil:
            for folder in [working, workspace.code] {
                guard let bytes = try? Files.read(folder + "/requirements.txt", limit: 4 << 20) else { continue }
                text = String(decoding: bytes, as: UTF8.self)
                place = folder
                workbench.console.say("requirements: the repository's requirements.txt")
                break
            }
        // A script that asks for nothing and never names the SDK does without it, and starts at once.
        case .literal(let script) where text == nil:
            mayNeedSDK = script.contains("clearml") || script.contains("trains")
        case .literal, .repository, .image: break
        }
        var requirements = Requirements(text ?? "")
        if mayNeedSDK, !requirements.contains("clearml"), !requirements.contains("trains"),
            let line = Requirements.Line("clearml")
        {
            requirements.lines.append(line)
        }
        return (requirements, place)
    }

    private func isOn(_ variable: String) -> Bool {
        configuration.environment[variable].nonEmpty.map { !["0", "false", "no"].contains($0.lowercased()) } ?? false
    }

    private func warn(ifNot binary: String, _ python: String) {
        let asked = binary.split(separator: "/").last ?? ""
        let found = python.split(separator: "/").last ?? ""
        if asked != found, asked.contains(".") {
            workbench.console.say(
                "the task was made with \(asked), the image has \(python): using that", level: "WARNING")
        }
    }

    /// For reproducing; a refusal does not stop the task.
    private func record(_ lines: [String]?, _ script: JSONValue) async {
        guard let lines else { return }
        var requirements: JSONValue = ["pip": .array(lines.map(JSONValue.string))]
        let before = script.at("requirements", "pip")
        if let before, !before.isNull { requirements["org_pip"] = script.at("requirements", "org_pip") ?? before }
        do throws(ClearMLError) {
            try await server.setRequirements(task: configuration.taskID, requirements)
        } catch {
            workbench.console.say(
                "the installed packages could not be recorded in the task: \(error)", level: "WARNING")
        }
    }
}

extension ExecutionFailure {
    static let noPython = ExecutionFailure(
        code: .environment, reason: "the image has no Python, and there is no uv to bring one",
        message: "use an image with Python 3, or the bundle, which has uv")
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
