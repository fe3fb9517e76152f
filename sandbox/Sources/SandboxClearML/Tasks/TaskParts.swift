import JSON

/// The parts of a task that are changed one by one: hyperparameters, configurations, artifacts, models.
enum TaskParts {
    static let endpoints: [String: Endpoint] = [
        "tasks.edit_hyper_params": Endpoint("2.9", editHyperParameters),
        "tasks.delete_hyper_params": Endpoint("2.9", deleteHyperParameters),
        "tasks.edit_configuration": Endpoint("2.9", editConfiguration),
        "tasks.delete_configuration": Endpoint("2.9", deleteConfiguration),
        "tasks.add_or_update_artifacts": Endpoint("2.10", addOrUpdateArtifacts),
        "tasks.delete_artifacts": Endpoint("2.10", deleteArtifacts),
        "tasks.add_or_update_model": Endpoint("2.13", addOrUpdateModel),
        "tasks.delete_models": Endpoint("2.13", deleteModels),
    ]

    /// Reads the task, lets `change` act on it, marks it changed.
    private static func changing(
        _ store: inout Store, _ call: Call, allowed: (TaskDocument) throws(APIError) -> Bool,
        _ change: (inout TaskDocument) throws(APIError) -> Void
    ) throws(APIError) {
        var task = try store.task(try call.text("task"))
        guard try allowed(task) else { throw .taskStatus(task.status, expected: "created") }
        try change(&task)
        task.touch(call)
        store.tasks[task.id] = task
    }

    /// Created, or with `force` also queued and running.
    private static func isOpen(_ task: TaskDocument, _ call: Call) throws(APIError) -> Bool {
        let force = try call.flag("force")
        return task.status == .created || (force && TaskEditing.editable.contains(task.status))
    }

    // MARK: - Hyperparameters

    /// The section "properties" may change at any status.
    private static func mayEdit(
        _ items: [JSONObject], of task: TaskDocument, _ call: Call
    ) throws(APIError) -> Bool {
        if items.allSatisfy({ $0["section"]?.string == "properties" }) { return true }
        return try isOpen(task, call)
    }

    @Sendable static func editHyperParameters(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let items = try call.objects("hyperparams")
        for item in items {
            for name in ["section", "name", "value"] where item[name]?.string == nil {
                throw .validation("hyperparams.\(name)", "a string is required!")
            }
        }
        let replaces = try call.optionalText("replace_hyperparams") ?? "none"
        guard ["none", "section", "all"].contains(replaces) else {
            throw .validation("replace_hyperparams", "`\(replaces)` is none of none, section, all")
        }
        try changing(
            &store, call, allowed: { task throws(APIError) in try mayEdit(items, of: task, call) },
            { task throws(APIError) in
                var sections = replaces == "all" ? JSONObject() : task.fields["hyperparams"]?.object ?? JSONObject()
                if replaces == "section" { for item in items { sections[item["section"]?.string ?? ""] = nil } }
                for item in items {
                    let (section, name) = (item["section"]?.string ?? "", item["name"]?.string ?? "")
                    var content = sections[section] ?? [:]
                    content[name] = .object(item)
                    sections[section] = content
                }
                task.fields["hyperparams"] = .object(sections)
            })
        return ["updated": 1]
    }

    @Sendable static func deleteHyperParameters(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let items = try call.objects("hyperparams")
        try changing(
            &store, call, allowed: { task throws(APIError) in try mayEdit(items, of: task, call) },
            { task throws(APIError) in
                var sections = task.fields["hyperparams"] ?? [:]
                for item in items {
                    guard let section = item["section"]?.string else { continue }
                    var content = sections[section]
                    content?[item["name"]?.string ?? ""] = nil
                    let keeps = item["name"]?.string != nil && content?.object?.isEmpty == false
                    sections[section] = keeps ? content : nil
                }
                task.fields["hyperparams"] = sections
            })
        return ["deleted": 1]
    }

    // MARK: - Configurations

    @Sendable static func editConfiguration(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let items = try call.objects("configuration")
        let replaces = try call.flag("replace_configuration")
        try changing(
            &store, call, allowed: { task throws(APIError) in try isOpen(task, call) },
            { task throws(APIError) in
                var all: JSONValue = replaces ? [:] : task.fields["configuration"] ?? [:]
                for item in items {
                    guard let name = item["name"]?.string else {
                        throw .validation("configuration.name", "field is required!")
                    }
                    all[name] = .object(item)
                }
                task.fields["configuration"] = all
            })
        return ["updated": 1]
    }

    @Sendable static func deleteConfiguration(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let names = try call.requiredTexts("configuration")
        try changing(
            &store, call, allowed: { task throws(APIError) in try isOpen(task, call) },
            { task throws(APIError) in
                var all = task.fields["configuration"] ?? [:]
                for name in names { all[name] = nil }
                task.fields["configuration"] = all
            })
        return ["deleted": 1]
    }

    // MARK: - Artifacts

    /// An artifact with the fields the server fills in.
    static func completed(_ artifact: JSONValue) -> JSONValue {
        var artifact = artifact
        if artifact["mode"] == nil { artifact["mode"] = "output" }
        if artifact["display_data"] == nil { artifact["display_data"] = [] }
        return artifact
    }

    private static func same(_ left: JSONValue, _ right: JSONValue) -> Bool {
        left["key"] == right["key"] && (left["mode"] ?? "output") == (right["mode"] ?? "output")
    }

    @Sendable static func addOrUpdateArtifacts(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let artifacts = try call.objects("artifacts")
        for artifact in artifacts {
            for name in ["key", "type"] where artifact[name]?.string == nil {
                throw .validation("artifacts.\(name)", "field is required!")
            }
        }
        try changing(
            &store, call, allowed: { TaskEditing.editable.contains($0.status) },
            { task throws(APIError) in
                var execution = task.fields["execution"] ?? TaskDocument.emptyExecution
                var all = execution["artifacts"]?.array ?? []
                for artifact in artifacts.map({ completed(.object($0)) }) {
                    if let place = all.firstIndex(where: { same($0, artifact) }) {
                        all[place] = artifact
                    } else {
                        all.append(artifact)
                    }
                }
                execution["artifacts"] = .array(all)
                task.fields["execution"] = execution
            })
        return ["updated": 1]
    }

    @Sendable static func deleteArtifacts(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let doomed = try call.objects("artifacts").map(JSONValue.object)
        try changing(
            &store, call, allowed: { TaskEditing.editable.contains($0.status) },
            { task throws(APIError) in
                var execution = task.fields["execution"] ?? TaskDocument.emptyExecution
                let all = execution["artifacts"]?.array ?? []
                execution["artifacts"] = .array(all.filter { kept in !doomed.contains { same($0, kept) } })
                task.fields["execution"] = execution
            })
        return ["deleted": 1]
    }

    // MARK: - Models

    @Sendable static func addOrUpdateModel(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let (name, model) = (try call.text("name"), try call.text("model"))
        let type = try call.text("type")
        guard type == "input" || type == "output" else { throw .validation("type", "`\(type)` is no model type") }
        guard store.models[model] != nil else { throw .unknownModel(model) }
        try changing(
            &store, call, allowed: { _ in true },
            { task throws(APIError) in
                var models = task.fields["models"] ?? ["input": [], "output": []]
                let item: JSONValue = ["name": .string(name), "model": .string(model), "updated": call.date]
                let others = (models[type]?.array ?? []).filter { $0["name"]?.string != name }
                models[type] = .array(others + [item])
                task.fields["models"] = models
            })
        return ["updated": 1]
    }

    @Sendable static func deleteModels(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let doomed = try call.objects("models")
        try changing(
            &store, call, allowed: { _ in true },
            { task throws(APIError) in
                var models = task.fields["models"] ?? ["input": [], "output": []]
                for item in doomed {
                    guard let type = item["type"]?.string else {
                        throw .validation("models.type", "field is required!")
                    }
                    models[type] = .array((models[type]?.array ?? []).filter { $0["name"] != item["name"] })
                }
                task.fields["models"] = models
            })
        return ["updated": 1]
    }
}
