import JSON

/// Reset, archive and delete: each takes the task out of its queues first.
enum TaskRemoval {
    static let endpoints: [String: Endpoint] = [
        "tasks.reset": Endpoint(reset),
        "tasks.reset_many": Endpoint("2.13", Many(reset, summary: resetSummary).run),
        "tasks.delete": Endpoint(delete),
        "tasks.delete_many": Endpoint("2.13", Many(delete).run),
        "tasks.archive": Endpoint("2.12", archive),
        "tasks.archive_many": Endpoint("2.13", Many(archiveOne).run),
        "tasks.unarchive_many": Endpoint("2.13", Many(unarchiveOne).run),
    ]

    private static let noURLs: JSONValue = ["model_urls": [], "event_urls": [], "artifact_urls": []]

    /// Back to created: nothing of a run stays but the inputs. A published task needs `force`.
    @Sendable static func reset(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("task")
        let (force, clears) = (try call.flag("force"), try call.flag("clear_all"))
        var task = try store.task(id)
        if task.status == .published, !force { throw .taskStatus(task.status, expected: "created") }
        var change = StatusChange(.created, reason: "reset", message: "reset", force: force)
        try change.check(from: task.status)
        let wasQueued = store.queues.all.contains { $0.entries.contains(id) }
        store.leaveAllQueues(id, call)
        store.events.remove(task: id)
        let outputs = task.fields["models"]?["output"]?.array?.compactMap { $0["model"]?.string } ?? []
        for model in outputs { store.models.remove(model) }

        task = try store.task(id)
        for name in ["last_worker", "last_worker_report"] { task.fields[name] = nil }
        task.fields["last_iteration"] = 0
        task.fields["last_metrics"] = [:]
        task.fields["unique_metrics"] = []
        task.fields["metric_stats"] = [:]
        task.fields["runtime"] = [:]
        task.fields["models"] = ["input": task.fields["models"]?["input"] ?? [], "output": []]
        var output = task.fields["output"] ?? [:]
        output["result"] = nil
        output["error"] = nil
        task.fields["output"] = output
        if clears {
            task.fields["execution"] = TaskDocument.emptyExecution
            task.fields["script"] = TaskDocument.emptyScript
        } else {
            var execution = task.fields["execution"] ?? TaskDocument.emptyExecution
            execution["queue"] = nil
            execution["artifacts"] = .array(
                (execution["artifacts"]?.array ?? []).filter { $0["mode"]?.string == "input" })
            task.fields["execution"] = execution
        }
        store.tasks[id] = task
        change.also = [
            "started": nil, "completed": nil, "published": nil, "active_duration": nil, "enqueue_status": nil,
        ]
        var answer = try store.change(id, change, call)
        answer["dequeued"] = wasQueued ? ["removed": 1] : [:]
        answer["deleted_models"] = .integer(Int64(outputs.count))
        answer["events"] = [:]
        if try call.flag("return_file_urls") { answer["urls"] = noURLs }
        return answer
    }

    private static func resetSummary(_ answer: JSONValue) -> JSONValue {
        var answer = answer
        answer["dequeued"] = .bool(answer["dequeued"]?.object?.isEmpty == false)
        answer["events"] = nil
        return answer
    }

    /// - Throws: 400/123 unless the task is created, archived, or `force` is given.
    @Sendable static func delete(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("task")
        let task = try store.task(id)
        let force = try call.flag("force")
        guard force || task.status == .created || task.systemTags.contains("archived") else {
            throw .bad(
                123, "Task cannot be deleted: due to status, use force=True",
                ["task": id, "expected": "created", "current": task.status.rawValue])
        }
        store.leaveAllQueues(id, call)
        store.events.remove(task: id)
        store.tasks.remove(id)
        store.touchProject(task.project, call)
        let children = store.tasks.all.filter { $0.fields["parent"]?.string == id }.map(\.id)
        for child in children { store.tasks[child]?.fields["parent"] = .string("__DELETED__" + id) }
        var answer: JSONValue = [
            "deleted": true, "updated_children": .integer(Int64(children.count)), "updated_models": 0,
            "deleted_models": 0, "events": [:],
        ]
        if try call.flag("return_file_urls") { answer["urls"] = noURLs }
        return answer
    }

    @Sendable static func archive(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let ids = try call.requiredTexts("tasks")
        for id in ids { _ = try archiveOne(&store, call.with(["task": .string(id)])) }
        return ["archived": .integer(Int64(ids.count))]
    }

    @Sendable static func archiveOne(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("task")
        _ = try store.task(id)
        _ = try TaskQueueing.dequeue(&store, call.with(["remove_from_all_queues": true]))
        try label(id, &store, call) { $0.addSystemTag("archived") }
        return ["archived": true]
    }

    @Sendable static func unarchiveOne(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("task")
        _ = try store.task(id)
        try label(id, &store, call) { $0.removeSystemTag("archived") }
        return ["unarchived": true]
    }

    private static func label(
        _ id: String, _ store: inout Store, _ call: Call, _ change: (inout TaskDocument) -> Void
    ) throws(APIError) {
        var task = try store.task(id)
        change(&task)
        task.fields["status_reason"] = .string(try call.optionalText("status_reason") ?? "")
        task.fields["status_message"] = .string(try call.optionalText("status_message") ?? "")
        task.touch(call, update: false)
        store.tasks[id] = task
    }
}
