import ClearMLClient
import HTTP
import Handoff
import JSON
import OS
import Supervisor

/// Clones a repository at the task's revision into the workspace's `code`, and puts the uncommitted changes on top.
struct GitCheckout: Sendable {
    let workbench: Workbench
    let workspace: Workspace
    let server: ClearMLServer

    /// Larger repositories take minutes; one that hangs is noticed after a minute of silence (`http.lowSpeedTime`).
    private static let fetchLimit = Duration.seconds(1800)
    private static let localLimit = Duration.seconds(600)

    func run(_ repository: ExecutionPlan.Repository, changes: String?) async throws(PhaseError) {
        let environment = workbench.configuration.environment
        let toolbox = workbench.toolbox
        guard let git = toolbox.find("git") else {
            throw .failed(
                ExecutionFailure(
                    code: .codeFetch, reason: "there is no git to fetch the code with",
                    message: "neither beside agent-exec nor in the image; use the bundle, or an image with git"))
        }
        let credentials = GitCredentials(environment: environment)
        let address = GitURL(repository.url, prefersHTTPS: { credentials.answers(for: $0) })
        var spec = ProcessSpec(executable: git, environment: [:], workingDirectory: workspace.code)
        spec.environment = gitEnvironment(git, toolbox, credentials.including(address))
        let shown = address.url
        workbench.console.say("fetching \(shown) (\(repository.shown))")

        let clone = try await run(spec, ["clone", "--quiet", "--no-checkout", "--", address.url, "."], Self.fetchLimit)
        let isKnown = credentials.answers(for: address.host ?? "") || address.user != nil
        if clone.exit != .exited(0) {
            throw .failed(
                GitFailure.ofFetch(clone.tail, url: shown, host: address.host, hasCredentials: isKnown))
        }
        let revision = try await resolve(repository, spec, url: shown)
        try await check(
            run(spec, ["checkout", "--quiet", "--force", "--detach", revision], Self.localLimit),
            reason: "cannot check out \(repository.shown)")
        if Files.exists(workspace.code + "/.gitmodules") {
            // `git submodule` is a shell script, which the bundle leaves out; what does its work is in git itself.
            let isBundled = spec.environment["GIT_EXEC_PATH"] != nil
            let modules = try await run(
                spec, [isBundled ? "submodule--helper" : "submodule", "update", "--quiet", "--init", "--recursive"],
                Self.fetchLimit)
            if modules.exit != .exited(0) {
                throw .failed(GitFailure.ofFetch(modules.tail, url: shown, host: nil, hasCredentials: isKnown))
            }
        }
        if let changes { try await apply(changes, spec) }
        workbench.console.say("code at commit \(revision)" + (changes == nil ? "" : " with uncommitted changes"))
        if repository.commit == nil { await record(revision) }
    }

    // MARK: - Steps

    /// The commit to check out, as a full id.
    private func resolve(
        _ repository: ExecutionPlan.Repository, _ spec: ProcessSpec, url: String
    ) async throws(PhaseError) -> String {
        let (name, candidates): (String, [String]) =
            if let commit = repository.commit {
                ("the commit `\(commit)`", [commit])
            } else if let tag = repository.tag {
                ("the tag `\(tag)`", ["refs/tags/\(tag)"])
            } else if let branch = repository.branch {
                ("the branch `\(branch)`", ["refs/remotes/origin/\(branch)", "refs/remotes/\(branch)"])
            } else {
                ("the default branch", ["refs/remotes/origin/HEAD", "HEAD"])
            }
        for candidate in candidates {
            if let commit = try await parse(candidate, spec) { return commit }
        }
        // A commit on no branch (a pull request's, a force-pushed one) can often still be asked for by its id.
        if let commit = repository.commit, commit.count >= 40, commit.allSatisfy(\.isHexDigit) {
            let fetch = try await run(spec, ["fetch", "--quiet", "origin", commit], Self.fetchLimit)
            if fetch.exit == .exited(0), let commit = try await parse(commit, spec) { return commit }
            throw .failed(GitFailure.ofRevision(name, url: url, output: fetch.tail))
        }
        throw .failed(GitFailure.ofRevision(name, url: url, output: ""))
    }

    private func parse(_ revision: String, _ spec: ProcessSpec) async throws(PhaseError) -> String? {
        // An option in place of a revision would be obeyed.
        if revision.hasPrefix("-") { return nil }
        let ran = try await run(spec, ["rev-parse", "--quiet", "--verify", revision + "^{commit}"], Self.localLimit)
        let text = ran.tail.split(separator: "\n").last.map(String.init) ?? ""
        return ran.exit == .exited(0) && text.count >= 40 ? text : nil
    }

    private func apply(_ changes: String, _ spec: ProcessSpec) async throws(PhaseError) {
        let file = workspace.root + "/changes.diff"
        do throws(OSError) { try Files.write(Array((changes + "\n").utf8), to: file, mode: 0o600) } catch {
            throw .failed(.disk(error, what: "the uncommitted changes", hint: "give the pod more ephemeral storage"))
        }
        let ran = try await run(
            spec, ["apply", "--unidiff-zero", "--whitespace=nowarn", file], Self.localLimit)
        if ran.exit != .exited(0) { throw .failed(GitFailure.ofChanges(ran.tail)) }
    }

    /// For reproducing: which commit it was. Only for the record, so a refusal does not stop the task.
    private func record(_ revision: String) async {
        do throws(ClearMLError) {
            try await server.editScript(task: workbench.configuration.taskID, ["version_num": .string(revision)])
        } catch {
            workbench.console.say("the commit could not be recorded in the task: \(error)", level: "WARNING")
        }
    }

    private func check(_ ran: Workbench.Ran, reason: String) throws(PhaseError) {
        if ran.exit == .exited(0) { return }
        let isFull = ran.tail.lowercased().contains("no space left")
        throw .failed(
            ExecutionFailure(code: isFull ? .diskPreflight : .codeFetch, reason: reason, message: lastLines(ran.tail)))
    }

    private func run(
        _ spec: ProcessSpec, _ arguments: [String], _ limit: Duration
    ) async throws(PhaseError) -> Workbench.Ran {
        var spec = spec
        let settings = [
            "safe.directory=*", "credential.helper=", "advice.detachedHead=false", "http.lowSpeedLimit=1",
            "http.lowSpeedTime=60",
        ]
        spec.arguments = settings.flatMap { ["-c", $0] } + arguments
        return try await workbench.runTool(spec, limit: limit, isEchoed: false, code: .codeFetch)
    }

    private func gitEnvironment(
        _ git: String, _ toolbox: Toolbox, _ credentials: GitCredentials
    ) -> [String: String] {
        var environment = ChildEnvironment.ofTools(
            base: workbench.configuration.environment, home: workspace.root)
        environment.merge(toolbox.gitEnvironment(for: git)) { own, _ in own }
        environment["GIT_CONFIG_NOSYSTEM"] = "1"
        environment["GIT_TERMINAL_PROMPT"] = "0"
        environment["GIT_SSH_COMMAND"] = environment["GIT_SSH_COMMAND"] ?? "ssh -oBatchMode=yes -oConnectTimeout=30"
        environment.merge(credentials.askpassEnvironment(program: workbench.ownPath)) { _, new in new }
        if toolbox.bundle.map({ git.hasPrefix($0) }) ?? false {
            // The bundle's git brings its own libraries; the image's search path belongs to the image's programs.
            for name in ["LD_LIBRARY_PATH", "LD_PRELOAD"] { environment[name] = nil }
        }
        return environment
    }
}

extension ExecutionPlan.Repository {
    /// Which revision, in words.
    var shown: String {
        if let commit { return "commit \(commit)" }
        if let tag { return "tag \(tag)" }
        if let branch { return "branch \(branch)" }
        return "default branch"
    }
}
