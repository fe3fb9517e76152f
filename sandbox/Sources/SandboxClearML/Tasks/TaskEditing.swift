import JSON

/// Changes of a task's fields; status and queues stay as they are.
enum TaskEditing {
    static let endpoints: [String: Endpoint] = [
        "tasks.update": Endpoint(update),
        "tasks.update_batch": Endpoint(updateBatch),
        "tasks.edit": Endpoint(edit),
        "tasks.edit_runtime": Endpoint("2.34", editRuntime),
        "tasks.set_requirements": Endpoint(setRequirements),
        "tasks.update_tags": Endpoint("2.27", updateTags),
        "tasks.move": Endpoint("2.12", move),
    ]

    /// What `tasks.update` may set, at any status; everything else is silently left alone.
    private static let updatable: Set<String> = [
        "name", "tags", "system_tags", "comment", "project", "status_message", "created", "report", "report_assets",
    ]

    @Sendable static func update(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("task")
        var task = try store.task(id)
        var written = JSONObject()
        for (name, value) in call.arguments where updatable.contains(name) && !value.isNull {
            if name == "project", let project = value.string, store.projects[project] == nil {
                throw .bad(16, "Invalid reference (project does not exist)", ["project": project])
            }
            task.fields[name] = value
            written[name] = value
        }
        if written.isEmpty { return ["updated": 0, "fields": [:]] }
        task.touch(call, update: false)
        store.tasks[id] = task
        written["last_change"] = call.date
        written["last_changed_by"] = .string(call.user)
        return ["updated": 1, "fields": .object(written)]
    }

    @Sendable static func updateBatch(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        guard case .batch(let lines) = call.body else { throw .bad(17, "Batch contains no items") }
        var updated: Int64 = 0
        for line in lines {
            let single = Call(
                action: call.action, version: call.version, body: .single(line.object ?? JSONObject()),
                worker: call.worker,
                caller: call.caller, now: call.now, makeID: call.makeID)
            updated += try update(&store, single)["updated"]?.integer ?? 0
        }
        return ["updated": .integer(updated)]
    }

    /// - Throws: 400/110 unless the task is created, or `force` is given.
    @Sendable static func edit(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("task")
        var task = try store.task(id)
        let fields = try TaskFields(call)
        if task.status != .created, try !call.flag("force") { throw .taskStatus(task.status, expected: "created") }
        try fields.checkReferences(in: store)
        var written = fields.write(to: &task)
        if written.isEmpty { return ["updated": 0, "fields": [:]] }
        task.touch(call)
        store.tasks[id] = task
        store.touchProject(task.project, call)
        written["last_change"] = call.date
        written["last_changed_by"] = .string(call.user)
        written["last_update"] = call.date
        return ["updated": 1, "fields": .object(written)]
    }

    /// Statuses in which a task's own parts may change.
    static let editable: Set<TaskStatus> = [.created, .queued, .inProgress]

    /// The atomic way to change `runtime`: these keys set, those removed, all others left.
    @Sendable static func editRuntime(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("task")
        var task = try store.task(id)
        let additions = try call.object("add_or_update") ?? JSONObject()
        let removals = try call.texts("remove") ?? []
        let force = try call.flag("force")
        guard force || editable.contains(task.status) else {
            throw .taskStatus(task.status, expected: "created, queued or in_progress")
        }
        var runtime = task.fields["runtime"]?.object ?? JSONObject()
        for (name, value) in additions { runtime[name] = value }
        for name in removals { runtime[name] = nil }
        task.fields["runtime"] = .object(runtime)
        task.touch(call)
        store.tasks[id] = task
        return ["updated": 1]
    }

    @Sendable static func setRequirements(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("task")
        var task = try store.task(id)
        guard let requirements = try call.object("requirements") else {
            throw .validation("requirements", "field is required!")
        }
        var script = task.fields["script"] ?? TaskDocument.emptyScript
        script["requirements"] = .object(requirements)
        task.fields["script"] = script
        task.touch(call)
        store.tasks[id] = task
        return ["updated": 1, "fields": [:]]
    }

    @Sendable static func updateTags(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let added = try call.texts("add_tags") ?? []
        let removed = Set(try call.texts("remove_tags") ?? [])
        var updated: Int64 = 0
        for id in try call.requiredTexts("ids") {
            guard var task = store.tasks[id] else { continue }
            let kept = task.texts("tags").filter { !removed.contains($0) && !added.contains($0) }
            task.fields["tags"] = .array((kept + added).map(JSONValue.string))
            task.touch(call)
            store.tasks[id] = task
            updated += 1
        }
        return ["updated": .integer(updated)]
    }

    @Sendable static func move(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let ids = try call.requiredTexts("ids")
        let target: String
        if let name = try call.optionalText("project_name") {
            target = try ProjectService.findOrMake(name, call, in: &store).id
        } else {
            target = try call.text("project")
            guard store.projects[target] != nil else { throw .unknownProject(target) }
        }
        for id in ids {
            store.tasks[id]?.fields["project"] = .string(target)
            store.tasks[id]?.touch(call)
        }
        store.touchProject(target, call)
        return ["project_id": .string(target)]
    }
}
