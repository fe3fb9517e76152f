import JSON

/// `queues.*`: what is in a queue.
enum QueueEntryService {
    static let endpoints: [String: Endpoint] = [
        "queues.add_task": Endpoint("2.4", addTask),
        "queues.remove_task": Endpoint("2.4", removeTask),
        "queues.get_next_task": Endpoint("2.4", getNextTask),
        "queues.peek_task": Endpoint("2.15", peekTask),
        "queues.get_num_entries": Endpoint("2.15", getNumEntries),
        "queues.clear_queue": Endpoint("2.31", clearQueue),
        "queues.move_task_to_front": Endpoint("2.4", move { _, _, _ in 0 }),
        "queues.move_task_to_back": Endpoint("2.4", move { _, count, _ in count - 1 }),
        "queues.move_task_forward": Endpoint("2.4", move { now, _, steps in now - steps }),
        "queues.move_task_backward": Endpoint("2.4", move { now, _, steps in now + steps }),
    ]

    /// Puts a task in a queue, whatever its status; only `execution.queue` follows.
    @Sendable static func addTask(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let (queue, task) = (try call.text("queue"), try call.text("task"))
        let follows = try call.flag("update_execution_queue", default: true)
        try store.push(task, to: queue, call)
        if follows { store.tasks[task]?.setExecutionQueue(queue) }
        return ["added": 1]
    }

    @Sendable static func removeTask(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let (queue, id) = (try call.text("queue"), try call.text("task"))
        let changesStatus = try call.flag("update_task_status")
        try store.pull(id, from: queue, call)
        if changesStatus, let task = store.tasks[id] {
            var change = StatusChange(task.enqueueStatus ?? .created, reason: "", force: true)
            change.also = ["enqueue_status": nil]
            _ = try store.change(id, change, call)
        }
        return ["removed": 1]
    }

    /// Pops the first entry, or with `task` only that one when it is first. The task's status stays, except that a
    /// stopped one becomes queued.
    @Sendable static func getNextTask(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("queue")
        let queue = try store.queue(id)
        let wanted = try call.optionalText("task")
        let informs = try call.flag("get_task_info")
        guard let entry = queue.entries.first, wanted == nil || wanted == entry.task else { return [:] }
        store.queues[id]?.entries.remove(entry.task)
        store.queues[id]?.fields["last_update"] = call.date
        if store.tasks[entry.task]?.status == .stopped {
            store.tasks[entry.task]?.fields["status"] = .string(TaskStatus.queued.rawValue)
        }
        var answer: JSONValue = ["entry": entry.json]
        if informs, let task = store.tasks[entry.task] {
            var information: JSONValue = [:]
            information["company"] = task.fields["company"]
            information["user"] = task.fields["user"]
            answer["task_info"] = information
        }
        return answer
    }

    @Sendable static func peekTask(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let first = try store.queue(try call.text("queue")).entries.first
        return ["task": first.map { .string($0.task) } ?? nil]
    }

    @Sendable static func getNumEntries(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        ["num": .integer(Int64(try store.queue(try call.text("queue")).entries.count))]
    }

    @Sendable static func clearQueue(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("queue")
        let removed = try store.queue(id).entries.map(\.task)
        for task in removed {
            _ = try removeTask(&store, call.with(["task": .string(task), "update_task_status": true]))
        }
        return ["removed_tasks": .array(removed.map(JSONValue.string))]
    }

    private static func move(_ position: @escaping @Sendable (_ now: Int, _ count: Int, _ steps: Int) -> Int)
        -> Endpoint.Body
    {
        { store, call throws(APIError) in
            let (queue, task) = (try call.text("queue"), try call.text("task"))
            let steps = try call.integer("count") ?? 1
            let new = try store.reposition(task, in: queue, call) { position($0, $1, steps) }
            return ["position": .integer(Int64(new))]
        }
    }
}
