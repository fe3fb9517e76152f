import JSON

/// A task's place in a queue.
public struct QueueEntry: Sendable, Hashable {
    /// The task's id.
    public let task: String
    /// When it was put there, as the server writes it; with the queue's id it names one enqueue.
    public let added: String

    /// An entry with the given parts.
    public init(task: String, added: String) {
        self.task = task
        self.added = added
    }
}

/// A queue and its first entries.
public struct QueueRecord: Sendable, Hashable {
    /// 32 hex digits.
    public let id: String
    /// Unique on the server.
    public let name: String
    /// In the order in which they are to be claimed.
    public let entries: [QueueEntry]

    /// A queue with the given parts.
    public init(id: String, name: String, entries: [QueueEntry] = []) {
        self.id = id
        self.name = name
        self.entries = entries
    }

    init?(_ raw: JSONValue) {
        guard let id = raw["id"]?.string else { return nil }
        let entries = (raw["entries"]?.array ?? []).compactMap { entry in
            entry["task"]?.string.map { QueueEntry(task: $0, added: entry["added"]?.string ?? "") }
        }
        self.init(id: id, name: raw["name"]?.string ?? "", entries: entries)
    }
}
