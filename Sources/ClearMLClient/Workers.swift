public import JSON

extension ClearMLServer {
    /// Shows `worker` with its queues (ids) in the UI for `timeoutSeconds` after its last sign of life.
    public func registerWorker(
        _ worker: String, queues: [String] = [], tags: [String] = [], timeoutSeconds: Int = 600
    ) async throws(ClearMLError) {
        let body: JSONValue = [
            "worker": .string(worker), "timeout": .integer(Int64(timeoutSeconds)),
            "queues": .array(queues.map(JSONValue.string)), "tags": .array(tags.map(JSONValue.string)),
        ]
        _ = try await call("workers.register", body, effect: .idempotent)
    }

    /// A sign of life. With `task` it is one of the task's, too, and the server takes aborts for the worker's to answer.
    /// - Parameters:
    ///   - timestamp: milliseconds since the epoch.
    ///   - machineStats: `cpu_usage`, `memory_used` …, numbers as the server's schema has them.
    public func reportWorker(
        _ worker: String, timestamp: Int64, task: String? = nil, queue: String? = nil, queues: [String]? = nil,
        machineStats: JSONValue? = nil
    ) async throws(ClearMLError) {
        var body: JSONValue = ["worker": .string(worker), "timestamp": .integer(timestamp)]
        if let task { body["task"] = .string(task) }
        if let queue { body["queue"] = .string(queue) }
        if let queues { body["queues"] = .array(queues.map(JSONValue.string)) }
        if let machineStats { body["machine_stats"] = machineStats }
        _ = try await call("workers.status_report", body, effect: .idempotent)
    }

    /// Takes `worker` out of the UI; one that is not there is fine.
    public func unregisterWorker(_ worker: String) async throws(ClearMLError) {
        _ = try await call("workers.unregister", ["worker": .string(worker)], effect: .idempotent)
    }
}
