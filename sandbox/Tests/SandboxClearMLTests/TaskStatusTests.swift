import JSON
import Testing

@Suite("The states of a task")
struct TaskStatusTests {
    static let states = [
        "created", "queued", "in_progress", "stopped", "publishing", "published", "closed", "failed", "completed",
        "unknown",
    ]
    /// The server's table, as it was read from it; kept apart from the code's on purpose.
    static let table: [String: Set<String>] = [
        "created": ["queued", "in_progress"],
        "queued": ["created", "in_progress", "stopped"],
        "in_progress": ["stopped", "failed", "created", "completed"],
        "stopped": ["closed", "created", "failed", "queued", "in_progress", "published", "publishing", "completed"],
        "closed": ["created", "failed", "published", "publishing", "stopped"],
        "failed": ["created", "stopped", "published", "queued"],
        "publishing": ["published"],
        "published": [],
        "completed": ["published", "in_progress", "created"],
    ]
    /// The calls that ask for a state, and nothing but that.
    static let calls = [
        ("tasks.started", "in_progress"), ("tasks.completed", "completed"), ("tasks.failed", "failed"),
        ("tasks.stopped", "stopped"), ("tasks.close", "closed"), ("tasks.publish", "published"),
        ("tasks.enqueue", "queued"),
    ]

    @Test("every call from every state is allowed exactly where the server's table allows it", arguments: states, calls)
    func everyPair(from: String, call: (action: String, to: String)) async {
        let client = Client()
        let id = await client.makeTask()
        // The one way into any state: an edit by force writes it unchecked.
        await client.call("tasks.edit", ["task": .string(id), "force": true, "status": .string(from)])
        let answer = await client.call(call.action, ["task": .string(id)])
        let same = from == call.to && call.action != "tasks.enqueue" && call.action != "tasks.publish"
        let after = await client.status(id)
        if from == call.to && call.action == "tasks.publish" {
            #expect(answer.status == 200)  // same to same is fine unless the call says otherwise
        } else if same || Self.table[from]?.contains(call.to) == true {
            #expect(answer.status == 200)
            #expect(after == call.to)
            #expect(answer["updated"] == 1)
        } else if from == "unknown" {
            #expect(answer.status == 500 && answer.subcode == 1)
        } else {
            #expect(answer.status == 400 && answer.subcode == 110)
            #expect(after == from)
        }
    }

    @Test("force skips the table", arguments: states)
    func force(from: String) async {
        let client = Client()
        let id = await client.makeTask()
        await client.call("tasks.edit", ["task": .string(id), "force": true, "status": .string(from)])
        let answer = await client.call("tasks.failed", ["task": .string(id), "force": true])
        #expect(answer.status == 200)
        #expect(await client.status(id) == "failed")
    }

    @Test("a change without reason and message wipes both")
    func wipes() async {
        let client = Client()
        let id = await client.makeTask()
        await client.call(
            "tasks.started", ["task": .string(id), "status_reason": "worker started", "status_message": "by w"])
        #expect(await client.task(id)["status_message"] == "by w")
        await client.call("tasks.started", ["task": .string(id)])
        let task = await client.task(id)
        #expect(task["status_reason"] == "" && task["status_message"] == "")
    }

    @Test("started keeps the first start while the task runs and takes a new one afterwards")
    func started() async {
        let client = Client()
        let id = await client.makeTask()
        await client.call("tasks.started", ["task": .string(id)])
        let first = await client.task(id)["started"]
        client.clock.advance(seconds: 5)
        let again = await client.call("tasks.started", ["task": .string(id)])
        #expect(again["fields"]?["started"] == nil)
        #expect(await client.task(id)["started"] == first)
        await client.call("tasks.completed", ["task": .string(id)])
        #expect(await client.task(id)["completed"] != nil)
        await client.call("tasks.started", ["task": .string(id)])
        let task = await client.task(id)
        #expect(task["started"] != first)
        #expect(task["completed"] == nil && task["active_duration"] == nil)
    }

    @Test("a report about an unknown task is 400/10, every other call 400/101")
    func unknownTask() async {
        let client = Client()
        for action in ["tasks.started", "tasks.completed", "tasks.failed", "tasks.stopped"] {
            #expect(await client.call(action, ["task": "nope"]).subcode == 10)
        }
        for action in ["tasks.stop", "tasks.reset", "tasks.get_by_id", "tasks.edit", "tasks.delete", "tasks.enqueue"] {
            let answer = await client.call(action, ["task": "nope"])
            #expect(answer.status == 400 && answer.subcode == 101, "\(action)")
        }
        #expect(await client.call("tasks.ping", ["task": "nope"]).status == 200)
    }

    @Test("an abort of a task that a live worker runs only asks; after 600 silent seconds it stops the task")
    func abort() async {
        let client = Client()
        let id = await client.makeTask()
        await client.call("tasks.started", ["task": .string(id)])
        await client.call("workers.status_report", ["worker": "w", "timestamp": 1, "task": .string(id)])
        let asked = await client.call("tasks.stop", ["task": .string(id), "force": true])
        #expect(asked["fields"]?["status"] == "in_progress")
        #expect(await client.task(id)["status_message"] == "stopping")
        client.clock.advance(seconds: 601)
        await client.call("tasks.stop", ["task": .string(id)])
        let task = await client.task(id)
        #expect(task["status"] == "stopped" && task["status_message"] == "Stopped by tester")
    }

    @Test("an abort stops a development task and a queued one at once, and refuses a created one")
    func abortAtOnce() async {
        let client = Client()
        let development = await client.makeTask("a task", ["system_tags": ["development"]])
        await client.call("tasks.started", ["task": .string(development)])
        await client.call("workers.status_report", ["worker": "w", "timestamp": 1, "task": .string(development)])
        await client.call("tasks.stop", ["task": .string(development)])
        #expect(await client.status(development) == "stopped")

        let queue = await client.makeQueue("queue")
        let queued = await client.makeTask()
        await client.call("tasks.enqueue", ["task": .string(queued), "queue": .string(queue)])
        await client.call("tasks.stop", ["task": .string(queued)])
        #expect(await client.status(queued) == "stopped")
        #expect(await client.entries(queue) == [])

        let created = await client.makeTask()
        #expect(await client.call("tasks.stop", ["task": .string(created)]).subcode == 110)
        await client.call("tasks.failed", ["task": .string(created), "force": true])
        #expect(await client.call("tasks.stop", ["task": .string(created)]).status == 200)
        #expect(await client.status(created) == "stopped")
    }

    @Test("a reset empties what a run left and keeps what it was made from")
    func reset() async {
        let client = Client()
        let queue = await client.makeQueue("queue")
        let id = await client.makeTask("a task", ["script": ["entry_point": "a.py"]])
        await client.call("tasks.enqueue", ["task": .string(id), "queue": .string(queue)])
        await client.call("tasks.started", ["task": .string(id)])
        await client.call("tasks.edit_runtime", ["task": .string(id), "add_or_update": ["k": "v"]])
        _ = await client.batch("events.add_batch", [["type": "log", "task": .string(id), "msg": "x"]])
        let answer = await client.call("tasks.reset", ["task": .string(id)])
        #expect(answer.status == 200)
        let task = await client.task(id)
        #expect(task["status"] == "created" && task["status_reason"] == "reset")
        #expect(task["runtime"] == [:] && task["started"] == nil && task.at("execution", "queue") == nil)
        #expect(task.at("script", "entry_point") == "a.py")
        #expect(await client.entries(queue) == [])
        #expect(await client.call("events.get_task_log", ["task": .string(id)])["total"] == 0)
    }

    @Test("edit_runtime changes single keys, and only while the task can still run")
    func editRuntime() async {
        let client = Client()
        let id = await client.makeTask()
        await client.call("tasks.edit_runtime", ["task": .string(id), "add_or_update": ["a": "1", "b": "2"]])
        await client.call("tasks.edit_runtime", ["task": .string(id), "add_or_update": ["b": "3"], "remove": ["a"]])
        #expect(await client.task(id)["runtime"] == ["b": "3"])
        await client.call("tasks.failed", ["task": .string(id), "force": true])
        let refused = await client.call("tasks.edit_runtime", ["task": .string(id), "add_or_update": ["b": "4"]])
        #expect(refused.status == 400 && refused.subcode == 110)
    }
}
