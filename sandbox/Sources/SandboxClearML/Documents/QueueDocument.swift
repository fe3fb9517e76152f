import JSON
import OS

/// One place in a queue.
struct QueueEntry: Equatable {
    let task: String
    let added: String

    var json: JSONValue { ["task": .string(task), "added": .string(added)] }
}

/// A queue: its fields, and apart from them the tasks in it, in order.
struct QueueDocument: Document {
    var fields: JSONObject
    var entries: [QueueEntry] = []

    static let hiddenTag = "k8s-glue"
    static let fieldNames: Set<String> = [
        "id", "name", "display_name", "user", "company", "created", "tags", "system_tags", "entries", "last_update",
        "metadata",
    ]

    init(id: String, name: String, company: String, systemTags: [String] = [], now: Timestamp) {
        let date = JSONValue.string(now.clearml)
        fields = [
            "id": .string(id), "name": .string(name), "company": .string(company), "created": date, "tags": [],
            "system_tags": .array(systemTags.map(JSONValue.string)), "entries": [], "last_update": date,
            "metadata": [:],
        ]
    }

    /// Whether lists leave it out unless asked for it by id or name.
    var isHidden: Bool { systemTags.contains(Self.hiddenTag) }

    /// The queue as a caller of `version` sees it, with at most `limit` entries: the first ones, or for a negative
    /// number the last.
    func shown(to version: APIVersion, limit: Int? = nil) -> JSONObject {
        var shown = fields
        // Up to 2.16 metadata was a list.
        if version <= APIVersion(major: 2, minor: 16), let metadata = fields["metadata"]?.object {
            shown["metadata"] = .array(metadata.values)
        }
        let visible: ArraySlice<QueueEntry> =
            switch limit ?? 0 {
            case 0: entries[...]
            case let limit where limit > 0: entries.prefix(limit)
            case let limit: entries.suffix(-limit)
            }
        shown["entries"] = .array(visible.map(\.json))
        return shown
    }
}
