import JSON

/// The calls that only look at tasks.
enum TaskReading {
    static let endpoints: [String: Endpoint] = [
        "tasks.get_by_id": Endpoint(getByID),
        "tasks.get_by_id_ex": Endpoint("2.11", getAllExtended),
        "tasks.get_all": Endpoint(getAll),
        "tasks.get_all_ex": Endpoint(getAllExtended),
        "tasks.get_types": Endpoint("2.8", getTypes),
        "tasks.get_hyper_params": Endpoint("2.9", getHyperParameters),
        "tasks.get_configurations": Endpoint("2.9", getConfigurations),
        "tasks.get_configuration_names": Endpoint("2.9", getConfigurationNames),
    ]

    @Sendable static func getByID(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        ["task": .object(try store.task(try call.text("task")).shown(to: call.version))]
    }

    /// A list without `unique_metrics`, unless that is asked for by name.
    @Sendable static func getAll(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let listing = try Listing(call, known: TaskDocument.fieldNames)
        let found = listing.select(
            from: store.tasks,
            shown: { task in
                var fields = task.shown(to: call.version)
                if listing.projection.isWhole { fields["unique_metrics"] = nil }
                return fields
            })
        return listing.answer("tasks", found)
    }

    /// As `get_all`, with references that are asked for by a path (`project.name`, `execution.queue.name`) resolved.
    @Sendable static func getAllExtended(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let listing = try Listing(call, known: TaskDocument.fieldNames, joins: true)
        let wanted = try call.texts("only_fields") ?? []
        func joins(_ field: String) -> Bool { wanted.contains { $0.hasPrefix(field + ".") } }
        let (projects, queues, tasks) = (store.projects, store.queues, store.tasks)
        let user: JSONValue = [
            "id": .string(store.configuration.userID), "name": .string(store.configuration.userName),
        ]
        let found = listing.select(
            from: store.tasks,
            shown: { task in
                var fields = task.fields
                if joins("project"), let project = task.project.flatMap({ projects[$0] }) {
                    fields["project"] = .object(project.fields)
                }
                if joins("parent"), let parent = fields["parent"]?.string.flatMap({ tasks[$0] }) {
                    fields["parent"] = .object(parent.fields)
                }
                if joins("user") { fields["user"] = user }
                if joins("execution.queue"), let queue = task.executionQueue.flatMap({ queues[$0] }) {
                    var execution = fields["execution"] ?? [:]
                    execution["queue"] = .object(queue.shown(to: call.version))
                    fields["execution"] = execution
                }
                return fields
            })
        return listing.answer("tasks", found)
    }

    @Sendable static func getTypes(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let projects = try call.texts("projects") ?? []
        let chosen = store.tasks.all.filter { projects.isEmpty || projects.contains($0.project ?? "") }
        let types = Set(chosen.compactMap { $0.fields["type"]?.string })
        return ["types": .array(types.sorted().map(JSONValue.string))]
    }

    @Sendable static func getHyperParameters(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        var params: [JSONValue] = []
        for id in try call.requiredTexts("tasks") {
            let sections = store.tasks[id]?.fields["hyperparams"]?.object?.values ?? []
            let items = sections.flatMap { $0.object?.values ?? [] }
            params.append(["task": .string(id), "hyperparams": .array(items)])
        }
        return ["params": .array(params)]
    }

    @Sendable static func getConfigurations(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let names = try call.texts("names") ?? []
        var configurations: [JSONValue] = []
        for id in try call.requiredTexts("tasks") {
            let items = (store.tasks[id]?.fields["configuration"]?.object ?? JSONObject())
                .filter { names.isEmpty || names.contains($0.key) }.map(\.value)
            configurations.append(["task": .string(id), "configuration": .array(items)])
        }
        return ["configurations": .array(configurations)]
    }

    @Sendable static func getConfigurationNames(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let skipsEmpty = try call.flag("skip_empty", default: true)
        var configurations: [JSONValue] = []
        for id in try call.requiredTexts("tasks") {
            let names = store.tasks[id]?.fields["configuration"]?.object?.keys ?? []
            if names.isEmpty, skipsEmpty { continue }
            configurations.append(["task": .string(id), "names": .array(names.map(JSONValue.string))])
        }
        return ["configurations": .array(configurations)]
    }
}
