import ClearMLClient
import HTTP
import JSON
import TestKit
import Testing

@Suite("Typed calls")
struct TypedCallTests {
    @Test("queues are peeked in one call, entries in order")
    func peek() async throws {
        let bench = Bench.loggedIn([
            answer([
                "queues": [
                    [
                        "id": "q2", "name": "b",
                        "entries": [["task": "t1", "added": "2026"], ["task": "t2", "added": "2027"]],
                    ],
                    ["id": "q1", "name": "a", "entries": []],
                ]
            ])
        ])
        let queues = try await bench.server.queues(ids: ["q1", "q2", "q1"], maxEntries: 7)
        #expect(queues.map(\.id) == ["q2", "q1"])
        #expect(queues[0].entries == [QueueEntry(task: "t1", added: "2026"), QueueEntry(task: "t2", added: "2027")])
        #expect(bench.lastBody?["id"] == ["q1", "q2"])
        #expect(bench.lastBody?["max_task_entries"] == 7)
        bench.finish()
    }

    @Test("a queue is found by its exact name, which is no regular expression, hidden or not")
    func byName() async throws {
        let bench = Bench.loggedIn([
            answer(["queues": [["id": "1", "name": "k8s:a/bX"], ["id": "2", "name": "k8s:a/b.ü"]]]),
            answer(["queues": []]),
        ])
        #expect(try await bench.server.queue(named: "k8s:a/b.ü")?.id == "2")
        #expect(bench.lastBody?["name"] == #"^k8s\:a\/b\.ü$"#)
        #expect(bench.lastBody?["search_hidden"] == true)
        #expect(try await bench.server.queue(named: "none") == nil)
        bench.finish()
    }

    @Test("taking a task out of a queue: 1 has won, 0 and 703 have lost, 701 is an error")
    func take() async throws {
        let bench = Bench.loggedIn([
            answer(["removed": 1]), answer(["removed": 0]), refusal(400, 703), refusal(400, 701), answer([:]),
        ])
        #expect(try await bench.server.removeFromQueue("q", task: "t") == true)
        #expect(try await bench.server.removeFromQueue("q", task: "t") == false)
        #expect(try await bench.server.removeFromQueue("q", task: "t") == false)
        let unknown = await #expect(throws: ClearMLError.self) {
            try await bench.server.removeFromQueue("q", task: "t")
        }
        #expect(unknown?.isRefusal(.invalidQueueID) == true)
        let silent = await #expect(throws: ClearMLError.self) { try await bench.server.removeFromQueue("q", task: "t") }
        #expect(silent?.mayHaveActed == true)
        bench.finish()
    }

    @Test("putting a task in a queue: 706 is no error")
    func put() async throws {
        let bench = Bench.loggedIn([answer(["added": 1]), refusal(400, 706)])
        #expect(try await bench.server.addToQueue("q", task: "t", updateExecutionQueue: true) == true)
        #expect(bench.lastBody == ["queue": "q", "task": "t", "update_execution_queue": true])
        #expect(try await bench.server.addToQueue("q", task: "t", updateExecutionQueue: false) == false)
        bench.finish()
    }

    @Test("dequeue looks at `updated`, since `dequeued` is always 1")
    func dequeue() async throws {
        let bench = Bench.loggedIn([
            answer(["dequeued": 1, "updated": 1]), answer(["dequeued": 1, "updated": 0]), answer(["dequeued": 1]),
        ])
        let server = bench.server
        #expect(try await server.dequeue(task: "t", newStatus: .inProgress, reason: "r", message: "m") == true)
        #expect(
            bench.lastBody == ["task": "t", "status_reason": "r", "status_message": "m", "new_status": "in_progress"])
        #expect(try await server.dequeue(task: "t") == false)
        #expect(try await server.dequeue(task: "t") == false)
        bench.finish()
    }

    @Test("tasks are read 500 at a time and always with their id")
    func batches() async throws {
        let ids = (0..<501).map { "t\($0)" }
        let some: JSONValue = ["id": "t1", "status": "in_progress", "runtime": ["a": "b", "n": 1]]
        let bench = Bench.loggedIn([answer(["tasks": [some]]), answer(["tasks": []])])
        let tasks = try await bench.server.tasks(ids: ids, fields: ["status", "runtime"])
        #expect(tasks.map(\.id) == ["t1"])
        #expect(tasks[0].status == .inProgress)
        #expect(tasks[0].runtime == ["a": "b"])
        #expect(bench.lastBody?["id"] == ["t500"])
        #expect(bench.lastBody?["only_fields"] == ["id", "status", "runtime"])
        #expect(try await bench.server.tasks(ids: []) == [])
        bench.finish()
    }

    @Test("a list is read page by page to its end")
    func pages() async throws {
        let full = (0..<500).map { JSONValue.object(["id": .string("t\($0)")]) }
        let bench = Bench.loggedIn([answer(["tasks": .array(full)]), answer(["tasks": [["id": "last"]]])])
        let tasks = try await bench.server.tasks(status: [.queued], executionQueue: "q", fields: ["id"])
        #expect(tasks.count == 501)
        #expect(bench.lastBody?["page"] == 1)
        #expect(bench.lastBody?["execution.queue"] == ["q"])
        bench.finish()
    }

    @Test("a task that does not exist is nil; a task's parts read as they are")
    func oneTask() async throws {
        let raw: JSONValue = [
            "id": "t", "status": "queued", "status_message": "stopping", "execution": ["queue": "q"],
            "container": ["image": " ", "arguments": "-e A=b"], "system_tags": ["development"],
            "hyperparams": [
                "Kubernetes": [
                    "x%2Egpus": ["section": "Kubernetes", "name": "gpus", "value": "2"], "cpu": ["value": "1"],
                ]
            ],
        ]
        let bench = Bench.loggedIn([refusal(400, 101), answer(["task": raw])])
        #expect(try await bench.server.task("x") == nil)
        let task = try #require(try await bench.server.task("t"))
        #expect(task.containerImage == nil)
        #expect(task.containerArguments == "-e A=b")
        #expect(task.isAbortRequested)
        #expect(task.executionQueue == "q")
        #expect(task.hyperparameter(section: "Kubernetes", name: "gpus") == "2")
        #expect(task.hyperparameters(section: "Kubernetes").map(\.name) == ["cpu", "gpus"])
        #expect(task.hyperparameter(section: "Kubernetes", name: "memory") == nil)
        bench.finish()
    }

    @Test("runtime edits name what is set and what is removed, and nothing else")
    func runtime() async throws {
        let bench = Bench.loggedIn([answer(["updated": 1]), answer(["updated": 0])])
        #expect(try await bench.server.editRuntime(task: "t", set: ["b": "2", "a": "1"], remove: ["c"]))
        #expect(bench.lastBody == ["task": "t", "add_or_update": ["a": "1", "b": "2"], "remove": ["c"]])
        #expect(try await bench.server.editRuntime(task: "t", set: [:], remove: ["c"]) == false)
        #expect(bench.lastBody == ["task": "t", "remove": ["c"]])
        bench.finish()
    }

    @Test("transitions say what they mean")
    func transitions() async throws {
        let bench = Bench.loggedIn(Array(repeating: answer(["updated": 1, "queued": 1]), count: 6))
        let server = bench.server
        try await server.enqueue(task: "t", queue: "q", force: true, reason: "r")
        #expect(
            bench.lastBody == [
                "task": "t", "queue": "q", "force": true, "status_reason": "r", "status_message": "",
                "update_execution_queue": true,
            ])
        try await server.started(task: "t")
        try await server.completed(task: "t")
        try await server.failed(task: "t", reason: "r", message: "m", force: true)
        #expect(bench.lastBody == ["task": "t", "force": true, "status_reason": "r", "status_message": "m"])
        try await server.stopped(task: "t")
        try await server.stop(task: "t")
        let actions = bench.transport.requests.dropFirst().map { $0.url.split(separator: "/").last ?? "" }
        #expect(
            actions == [
                "tasks.enqueue", "tasks.started", "tasks.completed", "tasks.failed", "tasks.stopped", "tasks.stop",
            ])
        bench.finish()
    }
}
