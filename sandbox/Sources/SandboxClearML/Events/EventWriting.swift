import JSON
import OS

/// `events.add…`: events come in, and what they say about the task is kept in the task.
enum EventWriting {
    static let endpoints: [String: Endpoint] = [
        "events.add": Endpoint(add),
        "events.add_batch": Endpoint(addBatch),
        "events.clear_task_log": Endpoint("2.19", clearTaskLog),
        "events.delete_for_task": Endpoint(deleteForTask),
    ]

    static let types: Set<String> = [
        "log", "training_stats_scalar", "training_stats_vector", "training_debug_image", "plot",
    ]
    /// Fields of a sent event that say how to treat it, and are not part of it.
    private static let instructions = ["allow_locked", "model_event", "method"]

    @Sendable static func add(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        guard case .single(let event) = call.body else { throw .bad(0, "Bad request: one event expected") }
        return try add([event], &store, call)
    }

    @Sendable static func addBatch(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        guard case .batch(let lines) = call.body else {
            throw .bad(0, "Bad request: a batch in application/json-lines expected")
        }
        var events: [JSONObject] = []
        for line in lines {
            guard let event = line.object else { throw .bad(0, "Bad request: a batch line is \(line.kindName)") }
            events.append(event)
        }
        return try add(events, &store, call)
    }

    private static func add(
        _ events: [JSONObject], _ store: inout Store, _ call: Call
    ) throws(APIError) -> JSONValue {
        for event in events where event["type"]?.string == "training_stats_scalar" {
            guard event["value"]?.double != nil || event["value"] == nil else {
                throw APIError(500, 0, "General server error: the value of a scalar is no number")
            }
        }
        var added: Int64 = 0
        var seen: Set<String> = []
        var errors: [String: Int64] = [:]
        for event in events {
            if let problem = problem(of: event, in: store) {
                errors[problem, default: 0] += 1
            } else {
                // Each batch tells the metrics of its own events only; those of the batch before are forgotten.
                let task = event["task"]?.string ?? ""
                if seen.insert(task).inserted { store.tasks[task]?.fields["metric_stats"] = [:] }
                record(event, &store, call)
                added += 1
            }
        }
        let information = JSONValue.object(
            errors.sorted { $0.key < $1.key }.reduce(into: JSONObject()) { $0[$1.key] = .integer($1.value) })
        let failed = errors.values.reduce(0, +)
        if added == 0 {
            throw .bad(131, "Events not added", ["errors": "\(failed)", "errors_info": information.text()])
        }
        return ["added": .integer(added), "errors": .integer(failed), "errors_info": information]
    }

    private static func problem(of event: JSONObject, in store: Store) -> String? {
        guard let type = event["type"]?.string else { return "Event must have a 'type' field" }
        guard types.contains(type) else { return "Invalid event type \(type)" }
        guard let id = event["task"]?.string else { return "Event must have a 'task' field" }
        if event["model_event"]?.bool == true { return store.models[id] == nil ? "Invalid model id \(id)" : nil }
        guard let task = store.tasks[id], !task.isLocked || event["allow_locked"]?.bool == true else {
            return "Invalid task id"
        }
        return nil
    }

    private static func record(_ sent: JSONObject, _ store: inout Store, _ call: Call) {
        var event = sent
        for name in instructions { event[name] = nil }
        let id = event["task"]?.string ?? ""
        let type = event["type"]?.string ?? ""
        let timestamp = event["timestamp"]?.whole ?? call.now.milliseconds
        event["timestamp"] = .integer(timestamp)
        if event["worker"] == nil { event["worker"] = call.worker.map(JSONValue.string) }
        if event["metric"] == nil { event["metric"] = "" }
        if event["variant"] == nil { event["variant"] = "" }
        if type == "log" {
            store.events.add(line: .object(event), task: id, timestamp: timestamp)
        } else {
            if event["iter"] == nil { event["iter"] = 0 }
            let key = EventLog.Key(
                type: type, metric: event["metric"]?.string ?? "", variant: event["variant"]?.string ?? "",
                iteration: event["iter"]?.whole ?? 0)
            store.events.add(metric: .object(event), task: id, key: key)
        }
        if var task = store.tasks[id] {
            TaskStatistics.count(event, type: type, timestamp: timestamp, in: &task)
            task.countDuration(until: call.now)
            task.fields["last_update"] = call.date
            task.fields["last_change"] = call.date
            store.tasks[id] = task
        }
    }

    @Sendable static func clearTaskLog(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let task = try store.task(try call.text("task"))
        if task.isLocked, try !call.flag("allow_locked") { throw .unknownTask(task.id) }
        let threshold = try call.integer("threshold_sec").map { call.now.milliseconds - Int64($0) * 1000 }
        return ["deleted": .integer(Int64(store.events.removeLog(of: task.id, before: threshold)))]
    }

    @Sendable static func deleteForTask(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let task = try store.task(try call.text("task"))
        if task.isLocked, try !call.flag("allow_locked") { throw .unknownTask(task.id) }
        store.events.remove(task: task.id)
        return ["deleted": true]
    }
}
