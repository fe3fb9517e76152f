public import JSON

/// The states of a task. The server checks which may follow which.
public enum TaskStatus: String, Sendable, CaseIterable {
    case created
    case queued
    case inProgress = "in_progress"
    case stopped
    case closed
    case failed
    case publishing
    case published
    case completed
    /// Also for a word this client does not know.
    case unknown

    /// Whether the task has ended: nothing of ours runs it, and only a person or a new enqueue goes on with it.
    public var isFinal: Bool {
        switch self {
        case .stopped, .closed, .failed, .publishing, .published, .completed: true
        case .created, .queued, .inProgress, .unknown: false
        }
    }
}

/// A task as the server gives it; absent fields read as empty.
public struct TaskRecord: Sendable, Equatable {
    /// The document, with the fields that were asked for.
    public var raw: JSONValue

    /// Wraps a document.
    public init(raw: JSONValue) { self.raw = raw }

    /// 32 hex digits.
    public var id: String { raw["id"]?.string ?? "" }
    /// Free text.
    public var name: String { raw["name"]?.string ?? "" }
    /// The state; `unknown` when it was not asked for.
    public var status: TaskStatus { raw["status"]?.string.flatMap(TaskStatus.init) ?? .unknown }
    /// Why it is in that state.
    public var statusReason: String { raw["status_reason"]?.string ?? "" }
    /// Free text beside it; `stopping` asks the executor to stop.
    public var statusMessage: String { raw["status_message"]?.string ?? "" }
    /// Whether somebody has asked for an abort that the executor is to carry out.
    public var isAbortRequested: Bool { statusMessage.lowercased() == "stopping" }
    /// The owner's id.
    public var user: String { raw["user"]?.string ?? "" }
    /// The project's id.
    public var project: String { raw["project"]?.string ?? "" }
    /// The queue it was last put in, by id.
    public var executionQueue: String? { raw.at("execution", "queue")?.string }
    /// Tags set by programs.
    public var systemTags: [String] { raw["system_tags"]?.array?.compactMap(\.string) ?? [] }
    /// The string values of `runtime`; others are in `raw`.
    public var runtime: [String: String] {
        var values: [String: String] = [:]
        for (key, value) in raw["runtime"]?.object ?? [:] { values[key] = value.string }
        return values
    }
    /// Repository, branch, entry point, diff, requirements.
    public var script: JSONValue { raw["script"] ?? [:] }
    /// Image, arguments, setup script.
    public var container: JSONValue { raw["container"] ?? [:] }
    /// The image it asks for; `nil` when it does not.
    public var containerImage: String? { nonBlank("image") }
    /// `docker run` arguments, as one text.
    public var containerArguments: String? { nonBlank("arguments") }
    /// A shell script to run first.
    public var containerSetupScript: String? { nonBlank("setup_shell_script") }

    private func nonBlank(_ key: String) -> String? {
        container[key]?.string.flatMap { text in text.allSatisfy(\.isWhitespace) ? nil : text }
    }

    /// Name and value of each parameter in `section`, sorted by name.
    public func hyperparameters(section: String) -> [(name: String, value: String)] {
        let members = raw.at("hyperparams", section)?.object ?? [:]
        let pairs = members.map { key, item in
            (name: item["name"]?.string ?? key, value: item["value"]?.string ?? "")
        }
        return pairs.sorted { $0.name < $1.name }
    }

    /// One parameter's value; `nil` when it is not there.
    public func hyperparameter(section: String, name: String) -> String? {
        hyperparameters(section: section).first { $0.name == name }?.value
    }
}
