import ClearMLClient
import Foundation
import HTTP
import Handoff
import JSON
import Logging
import OS
import Supervisor
import TestKit
import Testing

@testable import AgentExec

/// A folder for one test, gone after it.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "agent-exec-" + randomHex(bytes: 6)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func text(_ name: String) -> String? { try? String(contentsOfFile: path + "/" + name, encoding: .utf8) }
}

/// The agent-exec that was built beside these tests.
let builtProgram = (Toolbox.ownPath() ?? "").split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/agent-exec"

/// An execution with real processes against one task.
struct Stage {
    let scratch: Scratch
    let task: TaskOnServer
    let stop = StopSignal()
    let patience = Patience(pace: .machine)

    init(script: JSONValue) throws {
        scratch = try Scratch()
        task = TaskOnServer(script: script)
    }

    func run(_ changes: [String: String] = [:]) async throws -> (verdict: Verdict, exitCode: Int32) {
        let supervisor = try Supervisor(orphans: .leave, readsSignals: false)
        let thread = Thread { supervisor.run() }
        thread.start()
        defer { supervisor.stop() }
        let configuration = try testConfiguration(
            ["GLUE_WORKSPACE": scratch.path + "/work", "GLUE_GRACE_SECONDS": "3", "GLUE_REPORT_SECONDS": "2"]
                .merging(changes) { _, new in new })
        let server = ClearMLServer(
            configuration: configuration.clearML, transport: task, logger: .init(label: "test"), pace: .machine,
            backoff: Backoff(base: .milliseconds(5), limit: .milliseconds(50)))
        let execution = Execution(
            configuration: configuration, server: server, supervisor: supervisor, stop: stop, patience: patience,
            pace: .machine, ownPath: builtProgram)
        return await execution.run()
    }

    /// Runs, and does `during` once `file` exists in the scratch folder.
    func run(
        _ changes: [String: String] = [:], once file: String, _ during: @escaping @Sendable () -> Void
    ) async throws -> (verdict: Verdict, exitCode: Int32) {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let path = scratch.path + "/" + file
            group.addTask {
                while !Files.exists(path) { try await Task.sleep(for: .milliseconds(5)) }
                during()
            }
            let result = try await run(changes)
            group.cancelAll()
            return result
        }
    }
}

func shellScript(_ text: String) -> JSONValue {
    ["binary": "/bin/sh", "entry_point": "job.sh", "working_dir": ".", "diff": .string(text)]
}

@Suite(.timeLimit(.minutes(2))) struct ExecutionTests {
    @Test func `a script that ends well completes its task, its lines before its status`() async throws {
        let stage = try Stage(script: shellScript("echo hello\necho to-stderr >&2\n"))
        let (verdict, code) = try await stage.run()
        #expect(code == 0 && verdict.outcome == .completed && verdict.reported && verdict.exit == 0)
        #expect(verdict.phase == .run)
        #expect(stage.task.now.status == "completed")
        #expect(stage.task.now.reason == "worker execution done")
        let console = stage.task.now.console
        #expect(console.contains("hello\nto-stderr\n"))
        #expect(console.hasSuffix("Process completed successfully\n"))
        #expect(stage.task.now.runtime["glue_phase"]?.string == "inst/job-1/2 run")
        let writes = stage.task.now.writes.filter { $0 != "events.add_batch" }
        #expect(
            writes == [
                "queues.remove_task", "tasks.dequeue", "tasks.edit_runtime", "tasks.started", "tasks.get_by_id",
                "tasks.edit_runtime", "tasks.completed",
            ])
        #expect(stage.task.now.writes.last == "tasks.completed", "no line after the status")
    }

    @Test func `a script that fails fails its task with its code`() async throws {
        let stage = try Stage(script: shellScript("echo about to fail\nexit 3\n"))
        let (verdict, code) = try await stage.run()
        #expect(code == 3 && verdict.outcome == .failed && verdict.reported && verdict.exit == 3)
        #expect(stage.task.now.status == "failed")
        #expect(stage.task.now.reason == "worker execution exit code 3")
        #expect(stage.task.now.console.contains("Process failed, exit code 3"))
    }

    @Test func `a signal is told as 128 + n`() async throws {
        let stage = try Stage(script: shellScript("kill -SEGV $$\n"))
        let (verdict, code) = try await stage.run()
        #expect(code == 139 && verdict.signal == 11 && verdict.exit == nil)
        #expect(stage.task.now.reason == "worker execution exit code 139")
    }

    @Test func `the code sees what the SDK needs, and nothing of ours`() async throws {
        let stage = try Stage(
            script: shellScript(
                "env | sort\necho ---\ncat $CLEARML_CONFIG_FILE\nstat -c %a $CLEARML_CONFIG_FILE\npwd\n"))
        let (verdict, _) = try await stage.run([
            "CLEARML_AGENT_GIT_PASS": "git-password", "CLEARML_FILES_HOST": "https://files.test",
            "CUDA_VISIBLE_DEVICES": "0",
            "CLEARML_PROC_MASTER_ID": "1:x", "LD_LIBRARY_PATH": "/usr/local/nvidia/lib64",
        ])
        #expect(verdict.outcome == .completed)
        let console = stage.task.now.console
        for expected in [
            "CLEARML_TASK_ID=0123456789abcdef0123456789abcdef", "TRAINS_TASK_ID=0123456789abcdef0123456789abcdef",
            "CLEARML_LOG_TASK_TO_BACKEND=0", "TRAINS_LOG_TASK_TO_BACKEND=0", "PYTHONUNBUFFERED=1",
            "NVIDIA_VISIBLE_DEVICES=0", "LD_LIBRARY_PATH=/usr/local/nvidia/lib64", "\n600\n",
            "\"files_server\":\"https://files.test\"", "\"api_server\":\"https://api.test\"",
            "TRAINS_CONFIG_FILE=\(stage.scratch.path)/work/clearml.conf", "\(stage.scratch.path)/work/code\n",
        ] {
            #expect(console.contains(expected), "\(expected)")
        }
        for unwanted in ["GLUE_", "git-password", "very-secret-key", "PROC_MASTER_ID"] {
            #expect(!console.contains(unwanted), "\(unwanted)")
        }
        #expect(console.contains("\"secret_key\":\"•••\""))
    }

    @Test func `an abort ends the script and stops the task`() async throws {
        let stage = try Stage(script: [:])
        stage.task.change {
            $0.script = shellScript(
                "trap 'echo cleaning up; exit 0' TERM\ntouch \(stage.scratch.path)/up\nwhile :; do sleep 0.05; done\n")
        }
        let task = stage.task
        let (verdict, code) = try await stage.run(once: "up") { task.change { $0.message = "stopping" } }
        #expect(code == 0 && verdict.outcome == .stopped && verdict.reported)
        #expect(stage.task.now.status == "stopped")
        #expect(stage.task.now.reason == "task was stopped by tasks.stop")
        let console = stage.task.now.console
        #expect(console.contains("cleaning up"))
        #expect(console.contains("Process aborted by user"))
    }

    @Test func `a task that passes to another is let go without a word`() async throws {
        let stage = try Stage(script: [:])
        stage.task.change { $0.script = shellScript("touch \(stage.scratch.path)/up\nsleep 1000\n") }
        let task = stage.task
        let (verdict, code) = try await stage.run(once: "up") {
            task.change { $0.runtime["glue_claim"] = .string("\(theirs)") }
        }
        #expect(code == 68 && verdict.outcome == .notOurs && !verdict.reported)
        #expect(stage.task.now.status == "in_progress", "as the other has it")
        #expect(
            !stage.task.now.writes.contains { ["tasks.completed", "tasks.failed", "tasks.stopped"].contains($0) })
    }

    @Test func `a task stopped on the server ends the script, and nothing is written`() async throws {
        let stage = try Stage(script: [:])
        stage.task.change { $0.script = shellScript("touch \(stage.scratch.path)/up\nsleep 1000\n") }
        let task = stage.task
        let (verdict, code) = try await stage.run(once: "up") { task.change { $0.status = "stopped" } }
        #expect(code == 0 && verdict.outcome == .stopped && verdict.reported)
        #expect(!stage.task.now.writes.contains("tasks.stopped"))
    }

    @Test func `a terminated pod gives the code its TERM, and the task runs again`() async throws {
        let stage = try Stage(script: [:])
        stage.task.change {
            $0.script = shellScript(
                "trap 'echo saved; exit 0' TERM\ntouch \(stage.scratch.path)/up\nwhile :; do sleep 0.05; done\n")
        }
        let (stop, patience) = (stage.stop, stage.patience)
        let (verdict, code) = try await stage.run(once: "up") {
            patience.cap(.seconds(3))
            stop.raise(.terminated(15))
        }
        #expect(code == 75 && verdict.outcome == .runAgain && !verdict.reported && verdict.exit == 0)
        #expect(stage.task.now.status == "in_progress")
        #expect(stage.task.now.console.contains("saved"))
    }

    @Test func `a server away at the end leaves the verdict unreported, in bounded time`() async throws {
        let stage = try Stage(script: [:])
        stage.task.change { $0.script = shellScript("touch \(stage.scratch.path)/up\nsleep 0.3\nexit 4\n") }
        let task = stage.task
        let (verdict, code) = try await stage.run(once: "up") { task.change { $0.isAway = true } }
        #expect(code == 4 && verdict.outcome == .failed && !verdict.reported)
        #expect(verdict.cause.contains("the last console lines did not reach the server"))
    }

    @Test func `a server away for a while loses no line`() async throws {
        let stage = try Stage(script: [:])
        stage.task.change {
            $0.script = shellScript(
                "touch \(stage.scratch.path)/up\nfor i in 1 2 3 4 5; do echo line $i; sleep 0.1; done\n")
        }
        let task = stage.task
        let (verdict, _) = try await stage.run(["GLUE_REPORT_SECONDS": "20"], once: "up") {
            task.change { $0.isAway = true }
            Thread.sleep(forTimeInterval: 1)
            task.change { $0.isAway = false }
        }
        #expect(verdict.outcome == .completed && verdict.reported)
        #expect(stage.task.now.console.contains("line 1\nline 2\nline 3\nline 4\nline 5\n"))
    }

    @Test func `behind a fence, the code ends when the server stays away`() async throws {
        let stage = try Stage(script: [:])
        stage.task.change { $0.script = shellScript("touch \(stage.scratch.path)/up\nexec sleep 1000\n") }
        let task = stage.task
        let (verdict, code) = try await stage.run(["GLUE_FENCE_SECONDS": "1"], once: "up") {
            task.change { $0.isAway = true }
        }
        #expect(code == 69 && verdict.outcome == .runAgain && !verdict.reported)
        #expect(verdict.cause.contains("was not reached for 1 s"))
        #expect(stage.task.now.status == "in_progress")
    }

    @Test func `code that completes its own task is respected`() async throws {
        let stage = try Stage(script: [:])
        stage.task.change {
            $0.script = shellScript(
                "touch \(stage.scratch.path)/up\nwhile [ ! -e \(stage.scratch.path)/go ]; do sleep 0.02; done\necho after\nexit 1\n"
            )
        }
        let (task, go) = (stage.task, stage.scratch.path + "/go")
        let (verdict, code) = try await stage.run(once: "up") {
            task.change { $0.status = "completed" }
            Thread.sleep(forTimeInterval: 0.3)
            _ = FileManager.default.createFile(atPath: go, contents: nil)
        }
        #expect(code == 0 && verdict.outcome == .completed && verdict.reported)
        #expect(stage.task.now.console.contains("after"))
        #expect(!stage.task.now.writes.contains("tasks.failed"))
    }

    @Test func `a second executor of the same attempt ends at once and touches nothing`() async throws {
        let stage = try Stage(script: shellScript("echo once\n"))
        let first = try await stage.run()
        #expect(first.verdict.outcome == .completed)
        let before = stage.task.now.writes
        let second = try await stage.run()
        #expect(second.exitCode == 68 && second.verdict.outcome == .notOurs)
        #expect(stage.task.now.writes == before)
        stage.task.change { $0.status = "in_progress" }
        let restarted = try await stage.run()
        #expect(restarted.exitCode == 68)
        #expect(stage.task.now.writes == before)
    }

    @Test func `a Python script runs with its arguments, in its folder`() async throws {
        let stage = try Stage(script: [
            "binary": "python3", "entry_point": "sub/train.py --lr 0.1 'a b'", "working_dir": "src",
            "diff":
                "import os, sys\nprint(sys.argv[1:], os.getcwd().split('/')[-1], sys.stdout.line_buffering or True)\n",
        ])
        let (verdict, _) = try await stage.run([
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin",
            "CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL": "1",
        ])
        #expect(verdict.outcome == .completed, "\(verdict.cause)")
        #expect(stage.task.now.console.contains("['--lr', '0.1', 'a b'] src True"))
    }

    @Test func `the task's set-up script runs first, and what it exports reaches the code`() async throws {
        let stage = try Stage(script: shellScript("echo got $FROM_SETUP and $(cat made-by-setup)\n"))
        stage.task.change {
            $0.container = [
                "setup_shell_script": "echo setting up\nexport FROM_SETUP='a b'\necho made > made-by-setup\nfalse"
            ]
        }
        let (verdict, code) = try await stage.run()
        #expect(code == 0, "\(verdict.cause)")
        let console = stage.task.now.console
        #expect(console.contains("setting up\n"))
        #expect(console.contains("got a b and made\n"))
        #expect(console.contains("the set-up script ended with exit code 1; going on"))
    }

    @Test func `an abort ends the set-up script, too`() async throws {
        let stage = try Stage(script: shellScript("echo never\n"))
        stage.task.change {
            $0.container = ["setup_shell_script": .string("touch \(stage.scratch.path)/up; sleep 1000")]
        }
        let task = stage.task
        let (verdict, _) = try await stage.run(once: "up") { task.change { $0.message = "stopping" } }
        #expect(verdict.outcome == .stopped && verdict.phase == .workspace)
        #expect(!stage.task.now.console.contains("never"))
        #expect(stage.task.now.status == "stopped")
    }

    private static let impossible: [(script: JSONValue, code: Int32, words: String)] = [
        ([:], 66, "nothing to run"),
        (["entry_point": "train.py", "binary": "/bin/sh"], 66, "does not exist"),
        (["binary": "/bin/sh", "entry_point": "a 'b", "diff": "x"], 66, "quote that is not closed"),
        (["binary": "fortran77", "entry_point": "a.f", "diff": "x"], 65, "has no `fortran77`"),
        (["binary": "/bin/sh", "entry_point": "a.ipynb", "diff": "x"], 66, "notebook"),
        (["binary": "/bin/sh", "entry_point": "a.sh", "diff": "diff --git a/x b/x"], 66, "no repository"),
    ]

    @Test(arguments: impossible)
    func `what cannot be run fails with its reason`(script: JSONValue, expected: Int32, words: String) async throws {
        let stage = try Stage(script: script)
        let (verdict, code) = try await stage.run()
        #expect(code == expected && verdict.outcome == .failed && verdict.reported)
        #expect(verdict.cause.contains(words))
        #expect(stage.task.now.status == "failed")
        #expect(stage.task.now.reason.contains(words))
        #expect(stage.task.now.console.contains(words))
        #expect(stage.task.now.runtime["glue_phase"]?.string == "inst/job-1/2 gate", "the code never ran")
    }
}
