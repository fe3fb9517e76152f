public import JSON

// Reading tasks, and what does not change their status.
extension ClearMLServer {
    /// The tasks `ids`, those that exist, in calls of at most 500; `fields` empty asks for whole documents.
    public func tasks(ids: [String], fields: [String] = []) async throws(ClearMLError) -> [TaskRecord] {
        var found: [TaskRecord] = []
        for batch in batches(of: ids) { found += try await page(["id": .array(batch)], fields, page: 0) }
        return found
    }

    /// One whole task; `nil` when there is none of that id.
    public func task(_ id: String) async throws(ClearMLError) -> TaskRecord? {
        do throws(ClearMLError) {
            let data = try await call("tasks.get_by_id", ["task": .string(id)])
            guard let task = data["task"], task.object != nil else {
                throw .decoding(action: "tasks.get_by_id", reason: "no `task`")
            }
            return TaskRecord(raw: task)
        } catch {
            if error.isRefusal(.invalidTaskID) { return nil }
            throw error
        }
    }

    /// All tasks in one of `status` whose last queue is `executionQueue`, page by page.
    ///
    /// Caveats: tasks that change between two pages may be missed; the next look finds them.
    public func tasks(
        status: [TaskStatus], executionQueue: String? = nil, fields: [String]
    ) async throws(ClearMLError) -> [TaskRecord] {
        var query: JSONValue = ["status": .array(status.map { .string($0.rawValue) }), "order_by": ["id"]]
        if let executionQueue { query["execution.queue"] = .array([.string(executionQueue)]) }
        var found: [TaskRecord] = []
        for number in 0..<Self.mostPages {
            let page = try await page(query, fields, page: number)
            found += page
            if page.count < Self.pageSize { return found }
        }
        throw .decoding(
            action: "tasks.get_all", reason: "more than \(Self.mostPages * Self.pageSize) tasks match the query")
    }

    private static let mostPages = 200

    private func page(_ query: JSONValue, _ fields: [String], page: Int) async throws(ClearMLError) -> [TaskRecord] {
        var query = query
        query["page"] = .integer(Int64(page))
        query["page_size"] = .integer(Int64(Self.pageSize))
        query["search_hidden"] = true
        if !fields.isEmpty {
            // The server gives exactly these: without `id` nobody could tell the tasks apart.
            query["only_fields"] = .array(((fields.contains("id") ? [] : ["id"]) + fields).map(JSONValue.string))
        }
        let data = try await call("tasks.get_all", query)
        guard let list = data["tasks"]?.array else { throw .decoding(action: "tasks.get_all", reason: "no `tasks`") }
        return list.map(TaskRecord.init)
    }

    /// Changes keys of the task's `runtime` and leaves the others alone; `false` when nothing was updated.
    /// The server allows it while the task is created, queued or in progress.
    @discardableResult
    public func editRuntime(
        task: String, set: [String: String], remove: [String] = []
    ) async throws(ClearMLError) -> Bool {
        var body: JSONValue = ["task": .string(task)]
        if !set.isEmpty {
            var values = JSONObject()
            for (key, value) in set.sorted(by: { $0.key < $1.key }) { values[key] = .string(value) }
            body["add_or_update"] = .object(values)
        }
        if !remove.isEmpty { body["remove"] = .array(remove.map(JSONValue.string)) }
        let data = try await call("tasks.edit_runtime", body)
        return try count("updated", in: data, of: "tasks.edit_runtime") >= 1
    }

    /// Shows `message` beside the status. Not for a task in progress: an abort request lives in the same field.
    public func setStatusMessage(task: String, _ message: String) async throws(ClearMLError) {
        _ = try await call("tasks.update", ["task": .string(task), "status_message": .string(message)])
    }

    /// Sets a user property, which the UI shows beside the task; possible in any status.
    public func setUserProperty(task: String, name: String, value: String) async throws(ClearMLError) {
        let item: JSONValue = [
            "section": "properties", "name": .string(name), "value": .string(value), "type": "str",
        ]
        _ = try await call("tasks.edit_hyper_params", ["task": .string(task), "hyperparams": .array([item])])
    }

    /// Replaces what is recorded as the task's installed packages, `{"pip": [...]}`; possible in any status.
    public func setRequirements(task: String, _ requirements: JSONValue) async throws(ClearMLError) {
        _ = try await call("tasks.set_requirements", ["task": .string(task), "requirements": requirements])
    }

    /// Changes fields of the task's script (`version_num`, `branch`, …) and leaves the others alone.
    public func editScript(task: String, _ script: JSONValue) async throws(ClearMLError) {
        _ = try await call("tasks.edit", ["task": .string(task), "force": true, "script": script])
    }

    /// Tells the server's watchdog that the task is alive.
    public func ping(task: String) async throws(ClearMLError) {
        _ = try await call("tasks.ping", ["task": .string(task)], effect: .idempotent)
    }
}
