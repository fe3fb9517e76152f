import JSON
import OS

/// One place in a queue.
struct QueueEntry: Equatable {
    let task: String
    let added: String

    var json: JSONValue { ["task": .string(task), "added": .string(added)] }
}

/// The tasks in a queue, in order; each stands there at most once.
struct QueueEntries: Sequence {
    private var entries: [QueueEntry] = []
    private var tasks: Set<String> = []

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }
    var first: QueueEntry? { entries.first }

    func contains(_ task: String) -> Bool { tasks.contains(task) }
    func place(of task: String) -> Int? {
        tasks.contains(task) ? entries.firstIndex { $0.task == task } : nil
    }
    func makeIterator() -> IndexingIterator<[QueueEntry]> { entries.makeIterator() }

    /// Adds an entry whose task is not there yet; `place` counts from the front, `nil` is the end.
    mutating func insert(_ entry: QueueEntry, at place: Int? = nil) {
        guard tasks.insert(entry.task).inserted else { return }
        entries.insert(entry, at: place ?? entries.count)
    }

    /// Takes the entry of `task` out; `nil` when there is none.
    @discardableResult
    mutating func remove(_ task: String) -> QueueEntry? {
        guard let place = place(of: task) else { return nil }
        tasks.remove(task)
        return entries.remove(at: place)
    }
}

/// A queue: its fields, and apart from them the tasks in it.
struct QueueDocument: Document {
    var fields: JSONObject
    var entries = QueueEntries()

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
        let visible: [QueueEntry] =
            switch limit ?? 0 {
            case 0: Array(entries)
            case let limit where limit > 0: Array(entries.prefix(limit))
            case let limit: Array(entries.suffix(-limit))
            }
        shown["entries"] = .array(visible.map(\.json))
        return shown
    }
}
