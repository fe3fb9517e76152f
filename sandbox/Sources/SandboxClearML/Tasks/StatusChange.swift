import JSON

/// One change of a task's status: checked against the table, then written in one step.
struct StatusChange {
    let to: TaskStatus
    var reason = ""
    var message = ""
    /// Skips the table.
    var force = false
    /// Whether "already there" is fine.
    var allowSame = true
    /// Further fields written in the same step; null unsets.
    var also: KeyValuePairs<String, JSONValue> = [:]

    /// A change to `to` with `status_reason`, `status_message` and `force` out of the call.
    init(_ to: TaskStatus, _ call: Call) throws(APIError) {
        self.to = to
        reason = try call.optionalText("status_reason") ?? ""
        message = try call.optionalText("status_message") ?? ""
        force = try call.flag("force")
    }

    init(_ to: TaskStatus, reason: String, message: String = "", force: Bool = false) {
        self.to = to
        self.reason = reason
        self.message = message
        self.force = force
    }

    /// - Throws: 400/110 when the table has no such step, 400/130-like 500/1 for a status outside the table.
    func check(from: TaskStatus) throws(APIError) {
        if force { return }
        if from == to {
            if !allowSame { throw .taskStatus("Task already in requested status", from: from, to: to) }
            return
        }
        guard let successors = from.successors else {
            throw APIError(500, 1, "Current status \(from.rawValue) not supported by state machine")
        }
        if !successors.contains(to) { throw .taskStatus("Invalid status change", from: from, to: to) }
    }

    /// Changes `task` and returns the fields written, as the server echoes them.
    func apply(to task: inout TaskDocument, _ call: Call) throws(APIError) -> JSONObject {
        try check(from: task.status)
        var written: JSONObject = [
            "status": .string(to.rawValue), "status_reason": .string(reason), "status_message": .string(message),
            "status_changed": call.date, "last_update": call.date, "last_change": call.date,
            "last_changed_by": .string(call.user),
        ]
        for (name, value) in also { written[name] = value }
        for (name, value) in written where name != "enqueue_status" {
            task.fields[name] = value.unlessNull
        }
        if let status = written["enqueue_status"] { task.enqueueStatus = status.string.flatMap(TaskStatus.init) }
        if to == .queued { task.removeSystemTag("development") }
        return written
    }
}

extension Store {
    /// Changes the status of `id`, and its project's `last_update`. The answer is `{updated: 1, fields}`.
    mutating func change(_ id: String, _ change: StatusChange, _ call: Call) throws(APIError) -> JSONValue {
        guard var task = tasks[id] else { throw .unknownTask(id) }
        let written = try change.apply(to: &task, call)
        tasks[id] = task
        touchProject(task.project, call)
        return ["updated": 1, "fields": .object(written)]
    }

    mutating func touchProject(_ id: String?, _ call: Call) {
        if let id { projects[id]?.fields["last_update"] = call.date }
    }
}
