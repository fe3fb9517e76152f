import JSON

/// Where a task's status and its place in a queue change together.
enum TaskQueueing {
    static let endpoints: [String: Endpoint] = [
        "tasks.enqueue": Endpoint("1.5", enqueue),
        "tasks.enqueue_many": Endpoint("2.13", Many(enqueue, summary: flagged("queued")).run),
        "tasks.dequeue": Endpoint("1.5", dequeue),
        "tasks.dequeue_many": Endpoint("2.13", Many(dequeue, summary: flagged("dequeued")).run),
    ]

    /// The batch forms say `true` where the single ones say `1`.
    private static func flagged(_ name: String) -> @Sendable (JSONValue) -> JSONValue {
        { answer in
            var answer = answer
            answer[name] = .bool(answer[name]?.integer == 1)
            return answer
        }
    }

    /// Status to queued, then the entry, then `execution.queue`, then out of all other queues. When the entry fails,
    /// the status goes back with the reason "failed enqueueing".
    @Sendable static func enqueue(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("task")
        let movesExecution = try call.flag("update_execution_queue", default: true)
        let asksForWatchers = try call.flag("verify_watched_queue")
        let queue = try queue(of: &store, call)
        let task = try store.task(id)
        if !movesExecution, task.status != .queued || task.executionQueue == nil {
            throw .validation(
                "update_execution_queue", "false needs a task that is queued and has an execution queue")
        }
        var change = try StatusChange(.queued, call)
        change.allowSame = false
        change.also = ["enqueue_status": .string(task.status.rawValue)]
        var answer = try store.change(id, change, call)
        do throws(APIError) {
            try store.push(id, to: queue, call)
        } catch {
            var back = StatusChange(task.status, reason: "failed enqueueing", force: true)
            back.also = ["enqueue_status": nil]
            _ = try store.change(id, back, call)
            throw error
        }
        if movesExecution {
            store.tasks[id]?.setExecutionQueue(queue)
            var fields = answer["fields"] ?? [:]
            fields["execution.queue"] = .string(queue)
            answer["fields"] = fields
        }
        store.leaveAllQueues(id, except: queue, call)
        answer["queued"] = 1
        if asksForWatchers {
            let watched = WorkerService.alive(in: &store, call).contains { $0.queues.contains(queue) }
            answer["queue_watched"] = .bool(watched)
        }
        return answer
    }

    private static func queue(of store: inout Store, _ call: Call) throws(APIError) -> String {
        let (id, name) = (try call.optionalText("queue"), try call.optionalText("queue_name"))
        if id != nil, name != nil { throw .bad(12, "Either queue id or queue name should be provided") }
        if let id { return id }
        guard let name else { return try store.defaultQueue().id }
        if let known = store.queues.all.first(where: { $0.name == name }) { return known.id }
        return try QueueService.make(name, call, in: &store).id
    }

    /// Out of its queue, silently when it is in none; then a task that is queued or runs becomes what the call, or
    /// else its past, says. `updated` tells whether it did.
    @Sendable static func dequeue(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("task")
        var change = try StatusChange(.created, call)
        let asked = try call.optionalText("new_status")
        if try call.flag("remove_from_all_queues") {
            store.leaveAllQueues(id, call)
        } else {
            store.leaveExecutionQueue(id, call)
        }
        guard let task = store.tasks[id], task.status == .queued || task.status == .inProgress else {
            return ["dequeued": 1, "updated": 0, "fields": [:]]
        }
        var status = task.enqueueStatus ?? .created
        if let asked {
            guard let known = TaskStatus(rawValue: asked) else {
                throw .validation("new_status", "`\(asked)` is no status")
            }
            status = known
        }
        let (reason, message) = (change.reason, change.message)
        change = StatusChange(status, reason: reason, message: message, force: true)
        change.also = ["enqueue_status": nil]
        var answer = try store.change(id, change, call)
        answer["dequeued"] = 1
        return answer
    }
}
