import JSON

/// What a caller may write into a task by `tasks.create`, `edit` and `clone`, checked before it is written.
struct TaskFields {
    /// Fields that replace what was there.
    private(set) var replaced = JSONObject()
    /// Fields merged one level deep into what was there.
    private(set) var merged = JSONObject()

    private static let texts: Set<String> = ["name", "type", "comment", "parent", "project", "status", "report"]
    private static let lists: Set<String> = ["tags", "system_tags", "report_assets"]
    private static let maps: Set<String> = ["hyperparams", "configuration", "runtime", "container", "models"]
    private static let documents: Set<String> = ["execution", "script", "output"]

    /// Reads the fields of `call` that a task has; those it does not have are ignored.
    init(_ call: Call) throws(APIError) {
        for (name, value) in call.arguments where !value.isNull {
            if Self.texts.contains(name) {
                guard let text = value.string else { throw .data("field '\(name)' is \(value.kindName)") }
                replaced[name] = .string(text)
            } else if Self.lists.contains(name) {
                guard let list = value.array else { throw .data("field '\(name)' is \(value.kindName)") }
                replaced[name] = .array(list)
            } else if Self.maps.contains(name) {
                guard value.object != nil else { throw .data("field '\(name)' is \(value.kindName)") }
                replaced[name] = value
            } else if Self.documents.contains(name) {
                guard value.object != nil else { throw .data("field '\(name)' is \(value.kindName)") }
                merged[name] = value
            } else if name == "output_dest" {
                merged["output"] = ["destination": value]
            }
        }
        try check()
    }

    private mutating func check() throws(APIError) {
        if let name = replaced["name"]?.string {
            let trimmed = name.trimmed
            guard trimmed.count >= 3 else { throw .data("task name must be at least 3 characters long") }
            replaced["name"] = .string(String(trimmed))
        }
        if let type = replaced["type"]?.string, !TaskDocument.types.contains(type) {
            throw .validation("type", "`\(type)` is no task type")
        }
        if let status = replaced["status"]?.string, TaskStatus(rawValue: status) == nil {
            throw .validation("status", "`\(status)` is no status")
        }
        for (name, value) in replaced["container"]?.object ?? JSONObject() where value.string == nil && !value.isNull {
            throw .data("container field '\(name)' is \(value.kindName)")
        }
        for name in merged["script"]?.object?.keys ?? [] where !TaskDocument.scriptFields.contains(name) {
            throw .validation("script.\(name)", "no such field")
        }
        if let models = replaced["models"] {
            replaced["models"] = ["input": models["input"] ?? [], "output": models["output"] ?? []]
        }
        for (_, items) in replaced["hyperparams"]?.object ?? JSONObject() {
            for (name, item) in items.object ?? JSONObject() where item.object == nil {
                throw .data("hyperparameter '\(name)' is \(item.kindName)")
            }
        }
        if case .array(let artifacts)? = merged["execution"]?["artifacts"] {
            var execution = merged["execution"] ?? [:]
            execution["artifacts"] = .array(artifacts.map(TaskParts.completed))
            merged["execution"] = execution
        }
    }

    /// - Throws: 400/16 for a project or a parent that is not there.
    func checkReferences(in store: Store) throws(APIError) {
        if let project = replaced["project"]?.string, store.projects[project] == nil {
            throw .bad(16, "Invalid reference (project does not exist)", ["project": project])
        }
        if let parent = replaced["parent"]?.string, !parent.isEmpty, store.tasks[parent] == nil {
            throw .bad(16, "Invalid reference (parent task does not exist)", ["parent": parent])
        }
    }

    /// Writes the fields into `task` and returns them as they stand there now.
    func write(to task: inout TaskDocument) -> JSONObject {
        var written = JSONObject()
        for (name, value) in replaced {
            task.fields[name] = value
            written[name] = value
        }
        for (name, value) in merged {
            var document = task.fields[name]?.object ?? JSONObject()
            for (inner, content) in value.object ?? JSONObject() { document[inner] = content.unlessNull }
            task.fields[name] = .object(document)
            written[name] = .object(document)
        }
        return written
    }
}
