import Foundation
import HTTP
import Handoff
import JSON
import OS
import TestKit
import Testing

@testable import AgentExec

/// Runs a shell command to its end; its output.
@discardableResult
func sh(_ command: String, in folder: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-euc", command]
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = [
        "PATH": "/usr/bin:/bin", "HOME": folder, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "t",
        "GIT_AUTHOR_EMAIL": "t@e",
        "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@e",
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(command): \(output)")
    return output.trimmingCharacters(in: .whitespacesAndNewlines)
}

/// A repository of a script that says which version it is, with a tag, a branch and a module.
private struct SourceRepository {
    let path: String
    let first: String
    let second: String

    init(in folder: String) throws {
        path = folder + "/source"
        try sh("git init -q -b main source", in: folder)
        try sh(
            """
            mkdir -p src/pack
            printf 'echo version one "$@" in $(basename $PWD)\\n' > src/job.sh
            printf 'import sys; print("module", sys.argv[1:])\\n' > src/pack/__main__.py
            touch src/pack/__init__.py
            git add . && git commit -qm one && git tag v1
            sed -i s/one/two/ src/job.sh && git commit -qam two
            git checkout -qb side && sed -i s/two/side/ src/job.sh && git commit -qam side && git checkout -q main
            """, in: path)
        first = try sh("git rev-parse v1", in: path)
        second = try sh("git rev-parse main", in: path)
    }

    func script(_ changes: [String: JSONValue] = [:]) -> JSONValue {
        var value: JSONValue = [
            "repository": .string("file://" + path), "entry_point": "job.sh", "working_dir": "src", "binary": "/bin/sh",
        ]
        for (key, change) in changes { value[key] = change }
        return value
    }
}

@Suite(.timeLimit(.minutes(2))) struct GitCheckoutTests {
    private func run(
        _ changes: [String: JSONValue], environment: [String: String] = [:]
    ) async throws -> (verdict: Verdict, exitCode: Int32, task: TaskOnServer.State, repository: SourceRepository) {
        let stage = try Stage(script: [:])
        let repository = try SourceRepository(in: stage.scratch.path)
        stage.task.change { $0.script = repository.script(changes) }
        let (verdict, code) = try await stage.run(environment)
        return (verdict, code, stage.task.now, repository)
    }

    @Test func `a commit, a tag, a branch, the default branch`() async throws {
        let scratch = try Scratch()
        let other = try SourceRepository(in: scratch.path)
        for (changes, expected) in [
            (
                ["version_num": JSONValue.string(other.first), "repository": .string("file://" + other.path)],
                "version one"
            ),
            (["tag": "v1", "branch": "side"], "version one"), (["branch": "side"], "version side"),
            ([:], "version two"),
        ] {
            let (verdict, code, task, _) = try await run(changes)
            #expect(code == 0, "\(verdict.cause)")
            #expect(task.console.contains(expected + " in src\n"), "\(changes): \(task.console)")
        }
    }

    @Test func `without a commit the one that ran is recorded`() async throws {
        let result = try await run([:])
        #expect(result.task.script["version_num"]?.string == result.repository.second)
        let pinned = try await run(["version_num": "v1"])
        #expect(pinned.exitCode == 0)
        #expect(!pinned.task.writes.contains("tasks.edit"))
    }

    @Test func `arguments of the entry point, and modules`() async throws {
        let file = try await run(["entry_point": "job.sh --lr 0.5 'a b'"])
        #expect(file.task.console.contains("version two --lr 0.5 a b in src"))
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        let module = try await run(
            ["entry_point": "-m pack x y", "binary": "python3"],
            environment: ["PATH": path, "CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL": "1"])
        #expect(module.task.console.contains("module ['x', 'y']"), "\(module.task.console)")
    }

    @Test func `submodules come along`() async throws {
        let scratch = try Scratch()
        try sh(
            """
            git init -q -b main lib && cd lib && echo from the library > text && git add . && git commit -qm lib && cd ..
            git init -q -b main top && cd top && echo 'cat lib/text' > job.sh
            git -c protocol.file.allow=always submodule --quiet add file://$PWD/../lib lib && git add . && git commit -qm top
            """, in: scratch.path)
        // git lets submodules come from local places only when told so.
        let allowed = [
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.file.allow", "GIT_CONFIG_VALUE_0": "always",
        ]
        let place: JSONValue = .string("file://" + scratch.path + "/top")
        let result = try await run(["repository": place, "working_dir": "."], environment: allowed)
        #expect(result.exitCode == 0, "\(result.verdict.cause)")
        #expect(result.task.console.contains("from the library"))
        let refused = try await run(["repository": place, "working_dir": "."])
        #expect(refused.exitCode == 66)
    }

    @Test func `uncommitted changes are applied, new files among them`() async throws {
        let difference = """
            diff --git a/src/job.sh b/src/job.sh
            --- a/src/job.sh
            +++ b/src/job.sh
            @@ -1 +1,2 @@
            -echo version two "$@" in $(basename $PWD)
            +echo changed
            +cat new/file.txt
            diff --git a/src/new/file.txt b/src/new/file.txt
            new file mode 100644
            --- /dev/null
            +++ b/src/new/file.txt
            @@ -0,0 +1 @@
            +brand new
            """
        let result = try await run(["diff": .string(difference)])
        #expect(result.exitCode == 0, "\(result.verdict.cause)")
        #expect(result.task.console.contains("changed\nbrand new\n"))
    }

    @Test func `changes that do not apply name the file and the line`() async throws {
        let difference = """
            diff --git a/src/job.sh b/src/job.sh
            --- a/src/job.sh
            +++ b/src/job.sh
            @@ -1 +1 @@
            -something else entirely
            +echo changed
            """
        let result = try await run(["diff": .string(difference)])
        #expect(result.exitCode == 66)
        #expect(result.task.reason == "the uncommitted changes do not apply: `src/job.sh` at line 1")
        #expect(result.task.status == "failed")
    }

    @Test func `a script beside a repository does not replace the repository's file`() async throws {
        let result = try await run(["diff": "echo from the task", "entry_point": "extra.sh"])
        #expect(result.task.console.contains("from the task"))
        let kept = try await run(["diff": "echo from the task"])
        #expect(kept.task.console.contains("version two"))
    }

    @Test func `a commit or a branch that does not exist is named`() async throws {
        let missing = String(repeating: "a", count: 40)
        let commit = try await run(["version_num": .string(missing)])
        #expect(commit.exitCode == 66)
        #expect(commit.task.reason.hasPrefix("the commit `\(missing)` does not exist in `file://"))
        let branch = try await run(["branch": "nowhere"])
        #expect(branch.task.reason.hasPrefix("the branch `nowhere` does not exist"))
        let option = try await run(["version_num": "--upload-pack=touch /tmp/x"])
        #expect(option.exitCode == 66)
    }

    @Test func `a repository or a host that is not there is named`() async throws {
        let repository = try await run(["repository": "file:///nowhere/at/all"])
        #expect(repository.exitCode == 66)
        #expect(
            repository.task.reason == "cannot fetch the code: the repository `file:///nowhere/at/all` does not exist")
        let port = try await run(["repository": "http://127.0.0.1:9/x.git"])
        #expect(port.task.reason == "cannot fetch the code: the host `127.0.0.1` cannot be reached")
        let host = try await run(["repository": "http://no-such-host.invalid/x.git"])
        #expect(host.task.reason == "cannot fetch the code: the host `no-such-host.invalid` has no address")
    }

    @Test func `a private repository: asks, refuses, and opens to the right token, which nobody sees`() async throws {
        let stage = try Stage(script: [:])
        let repository = try SourceRepository(in: stage.scratch.path)
        let server = try PrivateGitServer(repository.path, in: stage.scratch.path)
        defer { server.stop() }
        let url = "http://127.0.0.1:\(server.port)/"
        func run(_ environment: [String: String], url: String) async throws -> (Int32, TaskOnServer.State) {
            let stage = try Stage(script: repository.script(["repository": .string(url)]))
            let (_, code) = try await stage.run(environment)
            return (code, stage.task.now)
        }
        let (asked, none) = try await run([:], url: url)
        #expect(asked == 66)
        #expect(none.reason == "cannot fetch the code: the host `127.0.0.1` asks for credentials")
        #expect(none.console.contains("CLEARML_AGENT_GIT_PASS"))

        let (refused, wrong) = try await run(
            ["CLEARML_AGENT_GIT_USER": "me", "CLEARML_AGENT_GIT_PASS": "wrong-password"], url: url)
        #expect(refused == 66)
        #expect(wrong.console.contains("are not accepted"))
        #expect(!wrong.console.contains("wrong-password"))

        let right = ["CLEARML_AGENT_GIT_USER": "me", "CLEARML_AGENT_GIT_PASS": "right-password"]
        let (opened, good) = try await run(right, url: url)
        #expect(opened == 0, "\(good.console)")
        #expect(good.console.contains("version two"))
        #expect(!good.console.contains("right-password"))

        let (other, elsewhere) = try await run(
            right.merging(["CLEARML_AGENT_GIT_HOST": "git.elsewhere"]) { $1 }, url: url)
        #expect(other == 66)
        #expect(elsewhere.reason.hasSuffix("asks for credentials"), "the token is for another host")

        let (inURL, fromURL) = try await run([:], url: "http://me:right-password@127.0.0.1:\(server.port)/")
        #expect(inURL == 0, "\(fromURL.console)")
        #expect(!fromURL.console.contains("right-password"))
    }
}

/// git's older protocol over plain HTTP, for one user.
private struct PrivateGitServer {
    let port: Int
    private let process = Process()

    init(_ repository: String, in folder: String) throws {
        try sh("git clone -q --bare source www && git -C www update-server-info", in: folder)
        let program = """
            import base64, functools, http.server, sys
            class Handler(http.server.SimpleHTTPRequestHandler):
                def do_GET(self):
                    if self.headers.get('Authorization') != 'Basic ' + base64.b64encode(b'me:right-password').decode():
                        self.send_response(401)
                        self.send_header('WWW-Authenticate', 'Basic realm="git"')
                        self.end_headers()
                    else:
                        super().do_GET()
            server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Handler, directory=sys.argv[1]))
            print(server.server_port, flush=True)
            server.serve_forever()
            """
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = ["-c", program, folder + "/www"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let line = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// By KILL: the suites of the supervisor block TERM in this process, and its children inherit that.
    func stop() { kill(process.processIdentifier, SIGKILL) }
}

@Suite struct GitURLTests {
    @Test(
        arguments: [
            ("https://host/a/b.git", "https://host/a/b.git", "host", nil, nil),
            ("https://me:p%40ss@host:8443/a", "https://host:8443/a", "host", "me", "p@ss"),
            ("https://token@host/a", "https://host/a", "host", "token", nil),
            ("https://[::1]:80/a", "https://[::1]:80/a", "[::1]", nil, nil),
            ("ssh://git@host:22/a", "ssh://git@host:22/a", "host", nil, nil),
            ("git@host:a/b.git", "git@host:a/b.git", "host", nil, nil),
            ("/srv/repo", "/srv/repo", nil, nil, nil), ("file:///srv/repo", "file:///srv/repo", nil, nil, nil),
            ("./a:b", "./a:b", nil, nil, nil),
        ] as [(String, String, String?, String?, String?)])
    func `what git gets holds no secret`(text: String, url: String, host: String?, user: String?, password: String?) {
        let address = GitURL(text)
        #expect(address.url == url)
        #expect(address.host == host)
        #expect(address.user == user)
        #expect(address.password?.reveal() == password)
    }

    @Test(arguments: [
        ("git@host:a/b.git", "https://host/a/b.git"), ("ssh://git@host:22/a/b.git", "https://host/a/b.git"),
        ("git@other:a.git", "git@other:a.git"),
    ])
    func `where there is a password for the host, ssh becomes https`(text: String, url: String) {
        #expect(GitURL(text, prefersHTTPS: { $0 == "host" }).url == url)
    }
}

@Suite struct GitCredentialsTests {
    @Test func `askpass answers for its host alone`() {
        let environment = ["GLUE_ASKPASS_HOST": "host", "GLUE_ASKPASS_USER": "me", "GLUE_ASKPASS_PASSWORD": "pw"]
        func answer(_ prompt: String) -> String? {
            GitCredentials.answer(to: prompt, environment: environment)?.reveal()
        }
        #expect(answer("Username for 'https://host': ") == "me")
        #expect(answer("Password for 'https://me@host': ") == "pw")
        #expect(answer("Password for 'https://me@host:8443': ") == "pw")
        #expect(answer("Password for 'https://me@evil': ") == nil)
        #expect(answer("Password for 'https://host@evil': ") == nil)
        #expect(answer("something else") == nil)
    }
}
