import JSON
import Testing

@Suite("Queues, and how tasks follow them")
struct QueueCouplingTests {
    let client = Client()

    @Test("an enqueue sets the status, the entry and execution.queue, and leaves all other queues")
    func enqueue() async {
        let (first, second) = (await client.makeQueue("first"), await client.makeQueue("second"))
        let id = await client.makeTask("a task", ["system_tags": ["development", "mine"]])
        let answer = await client.call("tasks.enqueue", ["task": .string(id), "queue": .string(first)])
        #expect(answer["queued"] == 1 && answer["updated"] == 1)
        #expect(answer["fields"]?["enqueue_status"] == "created")
        #expect(answer["fields"]?["execution.queue"] == .string(first))
        var task = await client.task(id)
        #expect(task["status"] == "queued" && task["system_tags"] == ["mine"])
        #expect(task["enqueue_status"] == nil)
        #expect(await client.call("tasks.enqueue", ["task": .string(id), "queue": .string(second)]).subcode == 110)
        let forced = await client.call(
            "tasks.enqueue", ["task": .string(id), "queue": .string(second), "force": true])
        #expect(forced.status == 200)
        #expect(await client.entries(first) == [])
        #expect(await client.entries(second) == [id])
        task = await client.task(id)
        #expect(task.at("execution", "queue") == .string(second))
    }

    @Test("an enqueue that cannot push puts the status back", arguments: ["no such queue", "already there"])
    func failedEnqueue(why: String) async {
        let queue = await client.makeQueue("queue")
        let id = await client.makeTask()
        if why == "already there" {
            await client.call("queues.add_task", ["task": .string(id), "queue": .string(queue)])
        }
        let target = why == "already there" ? queue : "0123"
        let answer = await client.call("tasks.enqueue", ["task": .string(id), "queue": .string(target)])
        #expect(answer.status == 400 && answer.subcode == (why == "already there" ? 706 : 701))
        let task = await client.task(id)
        #expect(task["status"] == "created" && task["status_reason"] == "failed enqueueing")
    }

    @Test("an enqueue by name makes the queue; without one it takes the default queue")
    func enqueueByName() async {
        let id = await client.makeTask()
        await client.call("tasks.enqueue", ["task": .string(id), "queue_name": "brand new"])
        let made = await client.call("queues.get_all", ["name": "^brand new$"])["queues"]
        #expect(made?[0]?.at("entries")?[0]?["task"] == .string(id))
        let other = await client.makeTask()
        await client.call("tasks.enqueue", ["task": .string(other)])
        let standard = await client.call("queues.get_default")["id"]?.string ?? ""
        #expect(await client.entries(standard) == [other])
    }

    @Test("a dequeue takes the new status, else the one before the enqueue, and says whether anything changed")
    func dequeue() async {
        let queue = await client.makeQueue("queue")
        let id = await client.makeTask()
        await client.call("tasks.failed", ["task": .string(id), "force": true])
        await client.call("tasks.enqueue", ["task": .string(id), "queue": .string(queue)])
        let back = await client.call("tasks.dequeue", ["task": .string(id)])
        #expect(back["dequeued"] == 1 && back["updated"] == 1 && back["fields"]?["enqueue_status"] == JSONValue.null)
        #expect(await client.status(id) == "failed")
        #expect(await client.entries(queue) == [])

        let idle = await client.call("tasks.dequeue", ["task": .string(id), "new_status": "in_progress"])
        #expect(idle["dequeued"] == 1 && idle["updated"] == 0)
        #expect(await client.status(id) == "failed")

        await client.call("tasks.enqueue", ["task": .string(id), "queue": .string(queue)])
        await client.call("tasks.dequeue", ["task": .string(id), "new_status": "in_progress"])
        #expect(await client.status(id) == "in_progress")
        #expect(await client.call("tasks.dequeue", ["task": "deleted"])["dequeued"] == 1)
    }

    @Test("a dequeue looks only into execution.queue, unless it is asked to look everywhere")
    func dequeueElsewhere() async {
        let (origin, token) = (await client.makeQueue("origin"), await client.makeQueue("token"))
        let id = await client.makeTask()
        await client.call("tasks.enqueue", ["task": .string(id), "queue": .string(origin)])
        await client.call(
            "queues.add_task", ["task": .string(id), "queue": .string(token), "update_execution_queue": false])
        await client.call("tasks.dequeue", ["task": .string(id)])
        #expect(await client.entries(origin) == [])
        #expect(await client.entries(token) == [id])
        await client.call("tasks.dequeue", ["task": .string(id), "remove_from_all_queues": true])
        #expect(await client.entries(token) == [])
    }

    @Test("get_next_task pops the head without a look at the task, and queues only a stopped one again")
    func pop() async {
        let queue = await client.makeQueue("queue")
        let (a, b) = (await client.makeTask(), await client.makeTask())
        for id in [a, b] { await client.call("tasks.enqueue", ["task": .string(id), "queue": .string(queue)]) }
        let notHead = await client.call("queues.get_next_task", ["queue": .string(queue), "task": .string(b)])
        #expect(notHead.status == 200 && notHead.data == [:])
        let popped = await client.call(
            "queues.get_next_task", ["queue": .string(queue), "task": .string(a), "get_task_info": true])
        #expect(popped["entry"]?["task"] == .string(a))
        #expect(popped["task_info"]?["user"] == "__sandbox__")
        #expect(await client.status(a) == "queued")
        await client.call("tasks.edit", ["task": .string(b), "force": true, "status": "stopped"])
        await client.call("queues.get_next_task", ["queue": .string(queue)])
        #expect(await client.status(b) == "queued")
        #expect(await client.call("queues.get_next_task", ["queue": .string(queue)]).data == [:])
        #expect(await client.call("queues.get_next_task", ["queue": "nope"]).subcode == 701)
    }

    @Test("of eight parties that take one entry at once, one wins", arguments: 0..<20)
    func race(round: Int) async {
        let client = Client()
        let queue = await client.makeQueue("queue")
        let id = await client.makeTask()
        await client.call("queues.add_task", ["queue": .string(queue), "task": .string(id)])
        let winners = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let answer = await client.call(
                        "queues.remove_task", ["queue": .string(queue), "task": .string(id)])
                    return answer["removed"]?.int ?? (answer.subcode == 703 ? 0 : -1)
                }
            }
            return await group.reduce(0, +)
        }
        #expect(winners == 1)
    }

    @Test("remove_task with update_task_status returns the task to what it was")
    func removeWithStatus() async {
        let queue = await client.makeQueue("queue")
        let id = await client.makeTask()
        await client.call("tasks.enqueue", ["task": .string(id), "queue": .string(queue)])
        let answer = await client.call(
            "queues.remove_task", ["queue": .string(queue), "task": .string(id), "update_task_status": true])
        #expect(answer["removed"] == 1)
        #expect(await client.status(id) == "created")
        let again = await client.call("queues.remove_task", ["queue": .string(queue), "task": .string(id)])
        #expect(again.status == 400 && again.subcode == 703)
    }

    @Test("entries move to where they are told, and no further than the ends")
    func move() async {
        let queue = await client.makeQueue("queue")
        var ids: [String] = []
        for _ in 0..<4 {
            let id = await client.makeTask()
            ids.append(id)
            await client.call("queues.add_task", ["queue": .string(queue), "task": .string(id)])
        }
        let moves: [(String, Int, JSONValue, [Int])] = [
            ("to_front", 2, nil, [2, 0, 1, 3]), ("to_back", 2, nil, [0, 1, 3, 2]),
            ("forward", 3, 2, [3, 0, 1, 2]), ("backward", 3, 9, [0, 1, 2, 3]),
        ]
        for (move, task, count, order) in moves {
            await client.call(
                "queues.move_task_\(move)", ["queue": .string(queue), "task": .string(ids[task]), "count": count])
            #expect(await client.entries(queue) == order.map { ids[$0] }, "\(move)")
        }
    }

    @Test("a queue of the glue is hidden from lists but not from those who know its name or id")
    func hidden() async {
        let id = await client.makeQueue("k8s_scheduler", tags: ["k8s-glue"])
        func found(_ body: JSONValue) async -> Bool {
            let queues = await client.call("queues.get_all", body)["queues"]?.array ?? []
            return queues.contains { $0["id"] == .string(id) }
        }
        #expect(await !found([:]))
        #expect(await found(["name": "k8s_scheduler"]))
        #expect(await found(["id": [.string(id)]]))
        #expect(await found(["search_hidden": true]))
    }

    @Test("max_task_entries cuts the entries shown, not those there")
    func maxEntries() async {
        let queue = await client.makeQueue("queue")
        for _ in 0..<3 {
            await client.call("queues.add_task", ["queue": .string(queue), "task": .string(await client.makeTask())])
        }
        let shown = await client.call(
            "queues.get_all", ["id": [.string(queue)], "max_task_entries": 2, "only_fields": ["entries"]])
        #expect(shown["queues"]?[0]?["entries"]?.array?.count == 2)
        #expect(await client.call("queues.get_num_entries", ["queue": .string(queue)])["num"] == 3)
    }

    @Test("a queue with tasks goes only by force, and its tasks go back")
    func delete() async {
        let queue = await client.makeQueue("queue")
        let id = await client.makeTask()
        await client.call("tasks.enqueue", ["task": .string(id), "queue": .string(queue)])
        #expect(await client.call("queues.delete", ["queue": .string(queue)]).subcode == 702)
        #expect(await client.call("queues.delete", ["queue": .string(queue), "force": true])["deleted"] == 1)
        #expect(await client.status(id) == "created")
        #expect(await client.call("queues.get_by_id", ["queue": .string(queue)]).subcode == 701)
        #expect(await client.call("queues.create", ["name": "default"]).subcode == 801)
        #expect(await client.call("queues.create", ["name": "ab"]).subcode == 800)
    }

    @Test("a task that is started stays in its queue until somebody dequeues it")
    func startedStays() async {
        let queue = await client.makeQueue("queue")
        let id = await client.makeTask()
        await client.call("tasks.enqueue", ["task": .string(id), "queue": .string(queue)])
        await client.call("tasks.started", ["task": .string(id)])
        #expect(await client.entries(queue) == [id])
        await client.call("tasks.enqueue", ["task": .string(id), "queue": .string(queue), "force": true])
        #expect(await client.status(id) == "in_progress")  // 706, and the status is back
    }
}
