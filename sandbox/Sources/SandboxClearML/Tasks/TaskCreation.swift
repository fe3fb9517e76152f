import JSON

/// New tasks.
enum TaskCreation {
    static let endpoints: [String: Endpoint] = [
        "tasks.create": Endpoint(create),
        "tasks.validate": Endpoint(validate),
        "tasks.clone": Endpoint("2.5", clone),
    ]

    private static func checked(_ store: Store, _ call: Call) throws(APIError) -> TaskFields {
        _ = (try call.text("name"), try call.text("type"))
        let fields = try TaskFields(call)
        try fields.checkReferences(in: store)
        return fields
    }

    @Sendable static func validate(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        _ = try checked(store, call)
        return [:]
    }

    @Sendable static func create(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let fields = try checked(store, call)
        var task = TaskDocument(
            id: call.makeID(), name: "", type: "", user: call.user, company: store.company, now: call.now)
        _ = fields.write(to: &task)
        task.fields["status"] = .string(TaskStatus.created.rawValue)
        store.tasks.insert(task)
        store.touchProject(task.project, call)
        return ["id": .string(task.id)]
    }

    /// A task like another: what it was made from, nothing of what it did.
    @Sendable static func clone(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let source = try store.task(try call.text("task"))
        var task = TaskDocument(
            id: call.makeID(), name: source.name, type: source.fields["type"]?.string ?? "training", user: call.user,
            company: store.company, now: call.now)
        for name in ["script", "hyperparams", "configuration", "container", "project", "comment"] {
            task.fields[name] = source.fields[name]
        }
        task.fields["parent"] = source.fields["parent"] ?? .string(source.id)
        task.fields["models"] = ["input": source.fields["models"]?["input"] ?? [], "output": []]
        task.fields["output"] = source.fields["output"]?["destination"].map { ["destination": $0] } ?? [:]
        task.fields["tags"] = .array(source.texts("tags").map(JSONValue.string))
        var execution = source.fields["execution"] ?? TaskDocument.emptyExecution
        execution["queue"] = nil
        execution["artifacts"] = .array(
            (execution["artifacts"]?.array ?? []).filter { $0["mode"]?.string == "input" })
        for (name, value) in try call.object("execution_overrides") ?? JSONObject() { execution[name] = value }
        task.fields["execution"] = execution
        for (argument, field) in [
            ("new_task_name", "name"), ("new_task_comment", "comment"), ("new_task_tags", "tags"),
            ("new_task_system_tags", "system_tags"), ("new_task_parent", "parent"), ("new_task_project", "project"),
            ("new_task_hyperparams", "hyperparams"), ("new_task_configuration", "configuration"),
            ("new_task_container", "container"),
        ] {
            if let value = call[argument] { task.fields[field] = value }
        }
        var answer: JSONValue = ["id": .string(task.id)]
        if let name = try call.optionalText("new_project_name") {
            let project = try ProjectService.findOrMake(name, call, in: &store)
            task.fields["project"] = .string(project.id)
            answer["new_project"] = ["id": .string(project.id), "name": .string(project.name)]
        }
        store.tasks.insert(task)
        store.touchProject(task.project, call)
        return answer
    }
}
