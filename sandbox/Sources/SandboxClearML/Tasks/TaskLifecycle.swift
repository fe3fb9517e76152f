import JSON
import OS

/// The calls that move a task through its states, queues aside.
enum TaskLifecycle {
    static let endpoints: [String: Endpoint] = [
        "tasks.started": Endpoint(started),
        "tasks.completed": Endpoint("2.2", completed),
        "tasks.failed": Endpoint { store, call throws(APIError) in try end(.failed, &store, call) },
        "tasks.stopped": Endpoint { store, call throws(APIError) in try end(.stopped, &store, call) },
        "tasks.close": Endpoint { store, call throws(APIError) in try end(.closed, &store, call) },
        "tasks.stop": Endpoint(stop),
        "tasks.stop_many": Endpoint("2.13", Many(stop).run),
        "tasks.ping": Endpoint(ping),
        "tasks.publish": Endpoint(publish),
        "tasks.publish_many": Endpoint("2.13", Many(publish).run),
    ]

    /// A report of a status by the program that runs the task. Such a call has its own word for an unknown id: 400/10.
    private static func reported(
        _ change: StatusChange, _ store: inout Store, _ call: Call
    ) throws(APIError) -> JSONValue {
        let id = try call.text("task")
        guard store.tasks[id] != nil else { throw .invalidID(id) }
        return try store.change(id, change, call)
    }

    @Sendable static func started(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        var change = try StatusChange(.inProgress, call)
        let task = store.tasks[try call.text("task")]
        let runs = task?.status == .inProgress && task?.started != nil
        if !runs { change.also = ["started": call.date] }
        var answer = try reported(change, &store, call)
        if !runs, let id = task?.id {
            store.tasks[id]?.fields["completed"] = nil
            store.tasks[id]?.fields["active_duration"] = nil
        }
        answer["started"] = 1
        return answer
    }

    @Sendable static func completed(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        var answer = try end(.completed, &store, call)
        let publishes = try call.flag("publish")
        if publishes {
            let published = try publish(&store, call)
            answer["fields"] = published["fields"]
        }
        answer["published"] = publishes ? 1 : 0
        return answer
    }

    private static func end(
        _ status: TaskStatus, _ store: inout Store, _ call: Call
    ) throws(APIError) -> JSONValue {
        var change = try StatusChange(status, call)
        if status != .closed { change.also = ["completed": call.date] }
        return try reported(change, &store, call)
    }

    /// A worker that has not reported for this long, in seconds, is not running the task any more.
    static let workerTimeout: Int64 = 600

    /// An abort. A task that a live worker runs is only asked to stop (`status_message` becomes "stopping", the
    /// status stays); every other is stopped here and now.
    @Sendable static func stop(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("task")
        let task = try store.task(id)
        let age = task.lastUpdate.map { call.now.milliseconds - $0.milliseconds }
        let isRun = task.lastWorker.map { !$0.isEmpty } == true && (age ?? .max) < workerTimeout * 1000
        let queued = task.status == .queued
        var change: StatusChange
        if queued || task.systemTags.contains("development") || !isRun {
            change = try StatusChange(.stopped, call)
            change.message = "Stopped by \(call.caller?.name ?? call.user)"
            try change.check(from: task.status)
            if queued { store.leaveExecutionQueue(id, call) }
        } else {
            change = try StatusChange(task.status, call)
            change.message = "stopping"
        }
        return try store.change(id, change, call)
    }

    /// Says that the task is alive; an unknown id is no error.
    @Sendable static func ping(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("task")
        store.tasks[id]?.fields["last_update"] = call.date
        store.tasks[id]?.countDuration(until: call.now)
        return [:]
    }

    @Sendable static func publish(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("task")
        let task = try store.task(id)
        var change = try StatusChange(.published, call)
        try change.check(from: task.status)
        change.also = ["published": call.date]
        change.force = true
        for output in task.fields["models"]?["output"]?.array ?? [] {
            if let model = output["model"]?.string { store.models[model]?.fields["ready"] = true }
        }
        return try store.change(id, change, call)
    }
}
