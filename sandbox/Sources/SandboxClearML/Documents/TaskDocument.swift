import JSON
import OS

/// A task as the server keeps it: the fields it shows, and the one it does not.
struct TaskDocument: Document {
    var fields: JSONObject
    /// The status before the task was enqueued, to which a dequeue returns it. Never shown.
    var enqueueStatus: TaskStatus?

    var status: TaskStatus { fields["status"]?.string.flatMap(TaskStatus.init) ?? .unknown }
    var project: String? { fields["project"]?.string }
    var executionQueue: String? { fields["execution"]?["queue"]?.string }
    var lastWorker: String? { fields["last_worker"]?.string }
    var started: Timestamp? { date("started") }
    var lastUpdate: Timestamp? { date("last_update") }
    var isLocked: Bool { status == .published || status == .publishing }

    private func date(_ name: String) -> Timestamp? { fields[name]?.string.flatMap { Timestamp(iso: $0) } }

    /// A new task, every field that a fresh one shows in place.
    init(id: String, name: String, type: String, user: String, company: String, now: Timestamp) {
        let date = JSONValue.string(now.clearml)
        fields = [
            "id": .string(id), "company": .string(company), "user": .string(user), "name": .string(name),
            "type": .string(type), "status": .string(TaskStatus.created.rawValue), "report_assets": [],
            "created": date, "output": [:], "execution": Self.emptyExecution, "tags": [], "system_tags": [],
            "script": Self.emptyScript, "last_update": date, "last_change": date, "last_iteration": 0,
            "last_metrics": [:], "unique_metrics": [], "metric_stats": [:], "hyperparams": [:], "configuration": [:],
            "runtime": [:], "models": ["input": [], "output": []], "container": [:],
            "last_changed_by": .string(user),
        ]
    }

    static let emptyExecution: JSONValue = [
        "test_split": 0, "parameters": [:], "model_desc": [:], "model_labels": [:], "artifacts": [],
    ]
    static let emptyScript: JSONValue = [
        "binary": "python", "repository": "", "entry_point": "", "requirements": [:],
    ]
    static let scriptFields: Set<String> = [
        "binary", "repository", "tag", "branch", "version_num", "entry_point", "working_dir", "requirements", "diff",
    ]
    static let types: Set<String> = [
        "training", "testing", "inference", "data_processing", "application", "monitor", "controller", "report",
        "optimizer", "service", "qc", "custom",
    ]
    /// The names a filter or a projection may begin with.
    static let fieldNames: Set<String> = [
        "id", "name", "user", "company", "type", "status", "status_reason", "status_message", "status_changed",
        "comment", "report", "report_assets", "created", "started", "completed", "active_duration", "parent", "project",
        "output", "execution", "tags", "system_tags", "script", "last_worker", "last_worker_report", "last_update",
        "last_change", "last_iteration", "last_metrics", "unique_metrics", "metric_stats", "hyperparams",
        "configuration", "runtime", "models", "container", "last_changed_by", "enqueue_status", "published",
        "company_origin", "model",
    ]

    /// Marks the task as changed by `user` at `now`: every change but a ping does.
    mutating func touch(_ call: Call, update: Bool = true) {
        fields["last_change"] = call.date
        fields["last_changed_by"] = .string(call.user)
        if update { fields["last_update"] = call.date }
    }

    /// Brings `active_duration`, whole seconds since the start, up to `now` while the task runs.
    mutating func countDuration(until now: Timestamp) {
        guard status == .inProgress, let started else { return }
        fields["active_duration"] = .integer(max(0, (now.milliseconds - started.milliseconds) / 1000))
    }

    /// The fields as a caller of `version` sees them: before 2.13 there was no container, only a docker command.
    func shown(to version: APIVersion) -> JSONObject {
        guard version < APIVersion(major: 2, minor: 13), let image = fields["container"]?["image"]?.string,
            !image.isEmpty
        else { return fields }
        var shown = fields
        var execution = fields["execution"] ?? Self.emptyExecution
        let arguments = fields["container"]?["arguments"]?.string ?? ""
        execution["docker_cmd"] = .string(arguments.isEmpty ? image : "\(image) \(arguments)")
        shown["execution"] = execution
        return shown
    }

    mutating func setExecutionQueue(_ queue: String?) {
        var execution = fields["execution"] ?? Self.emptyExecution
        execution["queue"] = queue.map(JSONValue.string)
        fields["execution"] = execution
    }

    mutating func addSystemTag(_ tag: String) {
        if !systemTags.contains(tag) { fields["system_tags"] = .array((systemTags + [tag]).map(JSONValue.string)) }
    }

    mutating func removeSystemTag(_ tag: String) {
        fields["system_tags"] = .array(systemTags.filter { $0 != tag }.map(JSONValue.string))
    }
}
