import Handoff
import OS
import Supervisor

/// Runs the task's set-up script (`container.setup_shell_script`) before the code is fetched, and takes over what it
/// exports: packages of the system, keys, variables.
struct SetupScript: Sendable {
    let workbench: Workbench
    let workspace: Workspace

    /// Installing packages of a distribution takes minutes.
    private static let limit = Duration.seconds(3600)
    /// The environment as the script leaves it, by a program's own view of it: `env` may be missing, or lie.
    private static let wrapper = #". "$1"; code=$?; cat /proc/self/environ >"$2"; exit $code"#

    /// Runs `script`; returns the variables that it has set or changed. A failure is said loudly and is no end, as with
    /// the stock agent: such scripts often end with a command that does not matter.
    func run(_ script: String) async throws(PhaseError) -> [String: String] {
        let configuration = workbench.configuration
        let (file, result) = (workspace.root + "/setup.sh", workspace.root + "/setup.environment")
        do throws(OSError) {
            try Files.write(Array((script + "\n").utf8), to: file, mode: 0o600)
        } catch {
            throw .failed(.disk(error, what: "the set-up script", hint: "give the pod more ephemeral storage"))
        }
        let shell: String
        do throws(ExecutionFailure) {
            shell = try Entrypoint.shell("bash", path: configuration.environment["PATH"])
        } catch { throw .failed(error) }
        let before = ChildEnvironment.ofTools(base: configuration.environment, home: workspace.root)
        workbench.console.say("running the task's set-up script")
        let ran = try await workbench.runTool(
            ProcessSpec(
                executable: shell, arguments: ["-c", Self.wrapper, "setup", file, result], environment: before,
                workingDirectory: workspace.code),
            limit: Self.limit, isEchoed: true, code: .environment)
        if ran.exit != .exited(0) {
            workbench.console.say("the set-up script ended with \(ran.exit); going on", level: "WARNING")
        }
        // None, when the script has ended the shell itself.
        guard let bytes = try? Files.read(result, limit: 4 << 20) else { return [:] }
        return Self.changes(from: before, to: bytes)
    }

    /// What stands in `block` (NUL-separated, as the kernel has it) and not in `before`; the shell's own aside.
    static func changes(from before: [String: String], to block: [UInt8]) -> [String: String] {
        var changes: [String: String] = [:]
        for entry in block.split(separator: 0) {
            let text = String(decoding: entry, as: UTF8.self)
            guard let equals = text.firstIndex(of: "=") else { continue }
            let name = String(text[..<equals])
            let value = String(text[text.index(after: equals)...])
            if ["_", "SHLVL", "PWD", "OLDPWD"].contains(name) || before[name] == value { continue }
            changes[name] = value
        }
        return changes
    }
}
