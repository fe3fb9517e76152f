import ClearMLClient
import Foundation
import HTTP
import Handoff
import JSON
import OS
import TestKit
import Testing

@testable import AgentExec

@Suite struct ShellWordsTests {
    @Test(
        arguments: [
            ("train.py --lr 0.1", ["train.py", "--lr", "0.1"]), ("a 'b c' \"d e\"", ["a", "b c", "d e"]),
            ("a\\ b c", ["a b", "c"]), ("''", [""]), ("a'b'\"c\"d", ["abcd"]), ("  ", []),
            ("\"a\\\"b\\n\"", ["a\"b\\n"]),
            ("'a\\b'", ["a\\b"]), ("open 'quote", nil), ("end\\", nil),
        ] as [(String, [String]?)])
    func `words are those of a shell`(text: String, words: [String]?) {
        #expect(shellWords(text) == words)
    }
}

@Suite struct ExecutionPlanTests {
    @Test func `a repository with changes, a commit and requirements`() throws {
        let plan = try ExecutionPlan(script: [
            "repository": " https://host/x.git ", "version_num": "abc", "branch": "main", "tag": "",
            "entry_point": "-m pack.train --x 1",
            "working_dir": "src", "binary": "/usr/bin/python3.10", "diff": "\ndiff --git a/x b/x\n",
            "requirements": ["pip": ["a", "b"]],
        ])
        #expect(
            plan.source
                == .repository(
                    .init(url: "https://host/x.git", commit: "abc", tag: nil, branch: "main"),
                    changes: "\ndiff --git a/x b/x\n", script: nil))
        #expect(plan.entry == .module("pack.train", arguments: ["--x", "1"]))
        #expect(plan.workingDirectory == "src" && plan.isPython && plan.requirements == "a\nb")
    }

    @Test func `what the server leaves empty has its usual meaning`() throws {
        let plan = try ExecutionPlan(script: ["diff": "print(1)", "requirements": ["pip": ""], "repository": ""])
        #expect(plan.source == .literal("print(1)"))
        #expect(plan.entry == .file("untitled.py", arguments: []))
        #expect(plan.binary == "python3" && plan.workingDirectory == "." && plan.requirements == nil)
        let image = try ExecutionPlan(script: ["entry_point": "/app/run.sh x", "binary": "bash"])
        #expect(image.source == .image && !image.isPython)
    }
}

@Suite struct MemoryReadingTests {
    private func tree(_ files: [String: String]) throws -> Scratch {
        let scratch = try Scratch()
        for (name, text) in files {
            let path = scratch.path + "/" + name
            try Files.makeFolder(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
            try Files.write(Array(text.utf8), to: path)
        }
        return scratch
    }

    @Test func `version 2, in a container of its own namespace`() throws {
        let scratch = try tree([
            "memory.events": "low 0\nhigh 0\nmax 4\noom 2\noom_kill 3\n", "memory.peak": "1000\n",
            "memory.current": "500\n", "memory.max": "max\n",
        ])
        let reading = MemoryReading.read(root: scratch.path, membership: "0::/\n")
        #expect(reading == MemoryReading(kills: 3, peak: 1000, used: 500, limit: nil))
    }

    @Test func `version 1, the group's own folder before the root, and the root where the host's path is not there`()
        throws
    {
        let files = [
            "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
            "memory.limit_in_bytes": "9223372036854771712", "memory.usage_in_bytes": "7",
            "memory.max_usage_in_bytes": "9",
        ]
        let own = try tree(Dictionary(uniqueKeysWithValues: files.map { ("memory/kube/pod/" + $0.key, $0.value) }))
        let membership = "5:cpu,cpuacct:/x\n4:memory:/kube/pod\n0::/\n"
        #expect(
            MemoryReading.read(root: own.path, membership: membership)
                == MemoryReading(kills: 1, peak: 9, used: 7, limit: nil))
        let root = try tree(Dictionary(uniqueKeysWithValues: files.map { ("memory/" + $0.key, $0.value) }))
        #expect(MemoryReading.read(root: root.path, membership: membership).kills == 1)
    }

    @Test func `no control groups, no numbers`() throws {
        let scratch = try Scratch()
        #expect(MemoryReading.read(root: scratch.path, membership: "") == MemoryReading())
    }
}

@Suite struct HeartbeatTests {
    @Test func `processor and memory as the server's schema has them`() {
        let before = ProcessorReading(parsing: "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 2 3 4\n")
        let after = ProcessorReading(parsing: "cpu  150 0 150 900 0 0 0 0 0 0\n")
        let memory = MemoryReading(kills: 0, peak: nil, used: 512 << 20, limit: 2 << 30)
        let value = Heartbeat.statistics(from: before, to: after, memory: memory)
        #expect(value["cpu_usage"] == [50.0])
        #expect(value["memory_used"]?.double == 512)
        #expect(value["memory_free"]?.double == 1536)
        #expect(Heartbeat.statistics(from: nil, to: nil, memory: MemoryReading()) == [:])
        #expect(ProcessorReading(parsing: "nonsense") == nil)
    }
}

@Suite struct ChildEnvironmentTests {
    @Test func `a user without a home gets one, others keep theirs`() {
        for (given, expected) in [(nil, "/work"), ("/", "/work"), ("", "/work"), ("/home/me", "/home/me")] {
            let base = given.map { ["HOME": $0] } ?? [:]
            #expect(ChildEnvironment.ofTools(base: base, home: "/work")["HOME"] == expected)
            let task = ChildEnvironment.ofTask(
                base: base, taskID: "t", worker: "w", configurationFile: "c", folders: [], virtual: nil, home: "/work")
            #expect(task["HOME"] == expected)
        }
    }

    @Test func `tools get no key of the server's, the task's code no word of the handoff`() {
        let base = [
            "CLEARML_API_SECRET_KEY": "s", "GLUE_TASK_ID": "t", "CLEARML_AGENT_GIT_PASS": "p", "OTHER": "o",
        ]
        let tools = ChildEnvironment.ofTools(base: base, home: "/work")
        #expect(Set(tools.keys) == ["OTHER", "HOME", "LC_ALL", "PYTHONUNBUFFERED"])
        let task = ChildEnvironment.ofTask(
            base: base, taskID: "t", worker: "w", configurationFile: "c", folders: ["/a", "/b"], virtual: "/v",
            home: "/work")
        #expect(task["GLUE_TASK_ID"] == nil && task["CLEARML_AGENT_GIT_PASS"] == nil)
        #expect(task["TRAINS_API_SECRET_KEY"] == "s" && task["TRAINS_TASK_ID"] == "t")
        #expect(
            task["PYTHONPATH"] == "/a:/b" && task["PATH"]?.hasPrefix("/v/bin:") == true && task["VIRTUAL_ENV"] == "/v")
    }
}

@Suite struct SDKConfigurationTests {
    @Test(arguments: [
        ("https://api.company:8008", "https://api.company:8080"), ("https://api.company", "https://app.company"),
        ("http://127.0.0.1:12345", "http://127.0.0.1:12345"),
    ])
    func `the web server is found by the usual rule, never on the Internet`(api: String, web: String) {
        #expect(SDKConfiguration.derived(api, port: ":8080", prefix: "app.") == web)
    }

    @Test func `what was there comes first, ours wins`() throws {
        let text = SDKConfiguration.text(
            configuration: try testConfiguration(), existing: "sdk { aws { s3 { key: \"k\" } } }"
        ).reveal()
        #expect(text.hasPrefix("sdk { aws { s3 { key: \"k\" } } }\napi {"))
        #expect(text.contains("\"secret_key\":\"very-secret-key\""))
    }
}

@Suite struct ConfigurationTests {
    @Test func `all that is missing or wrong comes at once`() {
        do {
            _ = try ExecutorConfiguration(environment: [
                "GLUE_ATTEMPT": "none", "GLUE_GRACE_SECONDS": "long", "CLEARML_API_HOST": "ftp://x",
            ])
            #expect(Bool(false), "it was accepted")
        } catch {
            for name in [
                "GLUE_TASK_ID", "GLUE_JOB_UID", "GLUE_ATTEMPT", "GLUE_GRACE_SECONDS", "CLEARML_API_HOST",
                "CLEARML_API_SECRET_KEY",
            ] {
                #expect(error.description.contains(name), "\(name)")
            }
        }
    }

    @Test func `the child's share of the grace leaves time for the report`() throws {
        #expect(try testConfiguration(["GLUE_GRACE_SECONDS": "30"]).childGrace == .seconds(20))
        #expect(try testConfiguration(["GLUE_GRACE_SECONDS": "600"]).childGrace == .seconds(590))
        #expect(try testConfiguration(["GLUE_GRACE_SECONDS": "0"]).childGrace == .zero)
    }
}

@Suite struct PatienceTests {
    @Test func `a TERM caps what is left, before and after it begins`() {
        let time = TestTime()
        let patience = Patience(pace: time.pace)
        patience.begin(.seconds(300))
        #expect(patience.left == .seconds(300))
        patience.cap(.seconds(10))
        time.pass(.seconds(4))
        #expect(patience.left == .seconds(6))
        patience.cap(.seconds(10))
        #expect(patience.left == .seconds(6), "a second TERM gives no more")
    }

    @Test func `work that outlasts it is cancelled, and says so itself`() async {
        let patience = Patience(pace: .machine)
        patience.begin(.milliseconds(50))
        let result = await patience.bound {
            do {
                try await Task.sleep(for: .seconds(60))
                return "finished"
            } catch { return "cancelled" }
        }
        #expect(result == "cancelled")
        let quick = Patience(pace: .machine)
        quick.begin(.seconds(60))
        #expect(await quick.bound { "finished" } == "finished")
    }
}

@Suite struct GitFailureTests {
    @Test(arguments: [
        (
            "error: cannot run ssh: No such file or directory\nfatal: unable to fork",
            "ssh to the host `h` does not work here"
        ),
        (
            "fatal: unable to access 'https://h/': SSL certificate problem: self-signed certificate",
            "the certificate of the host `h` is not trusted"
        ),
        ("remote: Not Found\nfatal: repository 'https://h/' not found", "the repository `https://h/x` does not exist"),
        ("fatal: write error: No space left on device", "no space left on the disk for the code"),
        ("fatal: something new", "cannot fetch the code from `https://h/x`"),
    ])
    func `git's words are understood`(output: String, words: String) {
        let failure = GitFailure.ofFetch(output, url: "https://h/x", host: "h", hasCredentials: false)
        #expect(failure.reason.contains(words), "\(failure.reason)")
        #expect(failure.message.contains(output.split(separator: "\n").last ?? ""), "git's own words stay")
    }
}

@Suite(.timeLimit(.minutes(1))) struct SecretsInFailuresTests {
    @Test func `a tool that repeats a secret does not bring it into status or verdict`() async throws {
        let stage = try Stage(script: [
            "binary": "python3", "entry_point": "a.py", "diff": "x", "requirements": ["pip": "some-package"],
        ])
        let bin = stage.scratch.path + "/bin"
        try Files.makeFolder(bin)
        for name in ["uv", "python3"] {
            try Files.write(
                Array("#!/bin/sh\necho \"failed at https://me:index-pass@host with $HF_TOKEN\"\nexit 1\n".utf8),
                to: bin + "/" + name, mode: 0o755)
        }
        let (verdict, code) = try await stage.run(["PATH": bin + ":/usr/bin:/bin", "HF_TOKEN": "hf_very_secret"])
        #expect(code == 65)
        let task = stage.task.now
        #expect(verdict.cause.contains("failed at https://me:•••@host with •••"))
        for text in [verdict.cause, task.message, task.reason, task.console] {
            #expect(!text.contains("index-pass") && !text.contains("hf_very_secret"))
        }
    }
}
