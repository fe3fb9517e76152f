import JSON

// Changing a task's status. Every one of these overwrites reason and message, with nothing when nothing is given.
extension ClearMLServer {
    /// Takes the task out of its queue and, if it is queued or in progress, sets `newStatus` (by default what it
    /// was before it was enqueued). `false`: it was in neither state and nothing happened to it.
    public func dequeue(
        task: String, newStatus: TaskStatus? = nil, reason: String = "", message: String = ""
    ) async throws(ClearMLError) -> Bool {
        var body = transition(task, reason, message)
        if let newStatus { body["new_status"] = .string(newStatus.rawValue) }
        let data = try await call("tasks.dequeue", body)
        // `dequeued` is 1 whatever happened; `updated` is left out when nothing was.
        return (data["updated"]?.int ?? 0) >= 1
    }

    /// Sets the task queued and puts it in `queue`, in one call.
    public func enqueue(
        task: String, queue: String, force: Bool = false, reason: String = "", message: String = "",
        updateExecutionQueue: Bool = true
    ) async throws(ClearMLError) {
        var body = transition(task, reason, message, force: force)
        body["queue"] = .string(queue)
        body["update_execution_queue"] = .bool(updateExecutionQueue)
        let data = try await call("tasks.enqueue", body)
        if try count("queued", in: data, of: "tasks.enqueue") < 1 {
            throw .decoding(action: "tasks.enqueue", reason: "queued 0 tasks")
        }
    }

    /// Sets the task in progress. Works a second time too: it is no gate.
    public func started(
        task: String, reason: String = "", message: String = "", force: Bool = false
    ) async throws(ClearMLError) {
        _ = try await call("tasks.started", transition(task, reason, message, force: force))
    }

    /// Sets the task completed.
    public func completed(
        task: String, reason: String = "", message: String = "", force: Bool = false
    ) async throws(ClearMLError) {
        _ = try await call("tasks.completed", transition(task, reason, message, force: force))
    }

    /// Sets the task failed. A queued one needs `force`.
    public func failed(
        task: String, reason: String = "", message: String = "", force: Bool = false
    ) async throws(ClearMLError) {
        _ = try await call("tasks.failed", transition(task, reason, message, force: force))
    }

    /// Sets the task stopped: the executor's answer to an abort.
    public func stopped(
        task: String, reason: String = "", message: String = "", force: Bool = false
    ) async throws(ClearMLError) {
        _ = try await call("tasks.stopped", transition(task, reason, message, force: force))
    }

    /// Asks for an abort, as the UI does: at once when nobody runs the task, else its executor is to see to it.
    public func stop(task: String, reason: String = "") async throws(ClearMLError) {
        _ = try await call("tasks.stop", ["task": .string(task), "status_reason": .string(reason)])
    }

    private func transition(_ task: String, _ reason: String, _ message: String, force: Bool? = nil) -> JSONValue {
        var body: JSONValue = [
            "task": .string(task), "status_reason": .string(reason), "status_message": .string(message),
        ]
        if let force { body["force"] = .bool(force) }
        return body
    }
}
