import JSON
import OS

/// A worker as it registered, until it is silent for its timeout.
struct WorkerRecord {
    let id: String
    let registered: Timestamp
    var timeout: Int = 600
    var queues: [String] = []
    var tags: [String] = []
    var systemTags: [String] = []
    var task: String?
    var queue: String?
    var lastActivity: Timestamp
    var lastReport: Timestamp?
}

/// `workers.*`: a list that forgets whoever does not report.
enum WorkerService {
    static let endpoints: [String: Endpoint] = [
        "workers.register": Endpoint("2.4", register),
        "workers.unregister": Endpoint("2.4", unregister),
        "workers.status_report": Endpoint("2.4", statusReport),
        "workers.get_all": Endpoint("2.4", getAll),
        "workers.get_count": Endpoint("2.26", getCount),
    ]

    /// Every worker whose last sign of life is younger than its timeout; the others are dropped.
    static func alive(in store: inout Store, _ call: Call) -> [WorkerRecord] {
        store.workers = store.workers.filter {
            call.now.milliseconds - $0.value.lastActivity.milliseconds < Int64($0.value.timeout) * 1000
        }
        return store.workers.values.sorted { $0.id < $1.id }
    }

    @Sendable static func register(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("worker")
        var worker = WorkerRecord(id: id, registered: call.now, lastActivity: call.now)
        worker.timeout = try call.integer("timeout") ?? 600
        guard worker.timeout > 0 else {
            throw .bad(1002, "Worker registration failed: invalid timeout", ["timeout": "\(worker.timeout)"])
        }
        worker.queues = try call.texts("queues") ?? []
        for queue in worker.queues { _ = try store.queue(queue) }
        worker.tags = try call.texts("tags") ?? []
        worker.systemTags = try call.texts("system_tags") ?? []
        store.workers[id] = worker
        return [:]
    }

    @Sendable static func unregister(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        store.workers[try call.text("worker")] = nil
        return [:]
    }

    /// A heartbeat; one that names a task is the task's heartbeat too.
    @Sendable static func statusReport(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("worker")
        guard try call.integer("timestamp") != nil else { throw .validation("timestamp", "field is required!") }
        try checkStatistics(try call.object("machine_stats"))
        _ = alive(in: &store, call)
        var worker = store.workers[id] ?? WorkerRecord(id: id, registered: call.now, lastActivity: call.now)
        worker.lastActivity = call.now
        worker.lastReport = call.now
        worker.task = try call.optionalText("task")
        worker.queue = try call.optionalText("queue")
        worker.queues = try call.texts("queues") ?? worker.queues
        worker.tags = try call.texts("tags") ?? worker.tags
        worker.systemTags = try call.texts("system_tags") ?? worker.systemTags
        if let taskID = worker.task {
            var task = try store.task(taskID)
            task.fields["last_worker"] = .string(id)
            task.fields["last_worker_report"] = call.date
            task.touch(call)
            store.tasks[taskID] = task
        }
        store.workers[id] = worker
        return [:]
    }

    private static func checkStatistics(_ statistics: JSONObject?) throws(APIError) {
        for (name, value) in statistics ?? JSONObject() {
            for number in value.array ?? [value] where number.double == nil && !number.isNull {
                throw .validation("machine_stats.\(name)", "value is \(number.kindName), expected type \"float\".")
            }
        }
    }

    private static func chosen(_ store: inout Store, _ call: Call) throws(APIError) -> [WorkerRecord] {
        let lastSeen = try call.integer("last_seen") ?? 3600
        let tags = ValueFilter(try (call.texts("tags") ?? []).map(JSONValue.string))
        let systemTags = ValueFilter(try (call.texts("system_tags") ?? []).map(JSONValue.string))
        let text = try call.optionalText("worker_pattern")
        let pattern: NamePattern? = if let text { try NamePattern(text) } else { nil }
        return alive(in: &store, call).filter { worker in
            let age = call.now.milliseconds - worker.lastActivity.milliseconds
            return (lastSeen <= 0 || age <= Int64(lastSeen) * 1000) && tags.accepts(Set(worker.tags))
                && systemTags.accepts(Set(worker.systemTags)) && pattern?.matches(worker.id) ?? true
        }
    }

    @Sendable static func getCount(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        ["count": .integer(Int64(try chosen(&store, call).count))]
    }

    @Sendable static func getAll(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let workers = try chosen(&store, call)
        return ["workers": .array(workers.map { shown($0, in: store, call) })]
    }

    private static func shown(_ worker: WorkerRecord, in store: Store, _ call: Call) -> JSONValue {
        var shown: JSONValue = [
            "id": .string(worker.id),
            "user": ["id": .string(store.configuration.userID), "name": .string(store.configuration.userName)],
            "company": ["id": .string(store.company), "name": "sandbox"],
            "ip": "127.0.0.1",
            "key": .string("worker_\(store.company)_\(store.configuration.userID)_\(worker.id)"),
            "register_time": .string(worker.registered.clearml),
            "register_timeout": .integer(Int64(worker.timeout)),
            "last_activity_time": .string(worker.lastActivity.clearml),
            "last_report_time": .string((worker.lastReport ?? worker.registered).clearml),
            "tags": .array(worker.tags.map(JSONValue.string)),
            "system_tags": .array(worker.systemTags.map(JSONValue.string)),
            "queues": .array(worker.queues.compactMap { store.queues[$0] }.map { queue($0, in: store) }),
        ]
        if let name = worker.queue, let known = store.queues[name] {
            shown["queue"] = ["id": .string(name), "name": .string(known.name)]
        }
        if let task = worker.task.flatMap({ store.tasks[$0] }) {
            var current: JSONValue = ["id": .string(task.id), "name": .string(task.name)]
            current["running_time"] = task.started.map { .integer(call.now.milliseconds - $0.milliseconds) }
            current["last_iteration"] = task.fields["last_iteration"]
            shown["task"] = current
            if let project = task.project.flatMap({ store.projects[$0] }) {
                shown["project"] = ["id": .string(project.id), "name": .string(project.name)]
            }
        }
        return shown
    }

    private static func queue(_ queue: QueueDocument, in store: Store) -> JSONValue {
        var shown: JSONValue = [
            "id": .string(queue.id), "name": .string(queue.name), "num_tasks": .integer(Int64(queue.entries.count)),
        ]
        if let next = queue.entries.first.flatMap({ store.tasks[$0.task] }) {
            shown["next_task"] = ["id": .string(next.id), "name": .string(next.name)]
        }
        return shown
    }
}
