import JSON
import OS
import Testing

/// What a stock client and the real server said to each other once: one exchange a line.
struct Transcript: CustomTestStringConvertible, Sendable {
    struct Exchange: Sendable {
        let number: Int
        let milliseconds: Int64
        let method: String
        let path: String
        let request: JSONValue
        let status: Int
        var response: JSONValue

        /// `tasks.get_all`, whatever the version in the path.
        var action: String { String(path.split(separator: "/").last ?? "") }
        var data: JSONValue { response["data"] ?? .null }
        /// The recorded id of what this exchange made, if it made something.
        var made: String? {
            guard action.hasSuffix(".create"), status == 200 else { return nil }
            return data["id"]?.string
        }
        /// The tasks shown whole or in part.
        var tasks: [JSONValue] { (data["tasks"]?.array ?? []) + (data["task"].map { [$0] } ?? []) }
        /// The queues shown whole or in part.
        var queues: [JSONValue] { (data["queues"]?.array ?? []) + (data["queue"].map { [$0] } ?? []) }
    }

    let name: String
    var exchanges: [Exchange]

    static let folder = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined() + "/Tests/transcripts"
    static let names = [
        "sdk_manual", "agent_ok", "agent_fail", "agent_abort", "agent_execute", "glue_run", "glue_abort_pending",
        "glue_apply_error",
    ]

    init(_ name: String) throws {
        self.name = name
        let content = try Files.read("\(Self.folder)/\(name).jsonl")
        exchanges = try content.split(separator: UInt8(ascii: "\n")).map { line in
            let document = try JSONValue(parsing: line)
            return Exchange(
                number: document["n"]?.int ?? 0,
                milliseconds: Int64((document["t"]?.double ?? 0) * 1000),
                method: document["method"]?.string ?? "",
                path: document["path"]?.string ?? "",
                request: document["request"] ?? .null,
                status: document["status"]?.int ?? 0,
                response: document["response"] ?? .null)
        }
    }

    var testDescription: String { name }

    /// Ids that the recording itself made.
    var made: Set<String> { Set(exchanges.compactMap(\.made)) }

    /// The first complete showing of each task that was there before the recording, or came from outside it.
    var foreignTasks: [JSONValue] {
        var seen = made
        return exchanges.flatMap(\.tasks).filter { task in
            guard let id = task["id"]?.string, task["name"] != nil, task["script"] != nil else { return false }
            return seen.insert(id).inserted
        }
    }

    /// Each queue that was there before the recording, by its first showing with a name.
    var foreignQueues: [JSONValue] {
        var seen = made
        return exchanges.flatMap(\.queues).filter { queue in
            guard let id = queue["id"]?.string, queue["name"] != nil else { return false }
            return seen.insert(id).inserted
        }
    }

    /// The projects that were there before the recording: id and name.
    var foreignProjects: [(id: String, name: String)] {
        var seen = made
        var names: [String: String] = [:]
        for exchange in exchanges {
            if let project = exchange.data["project"], let id = project["id"]?.string {
                names[id] = project["name"]?.string
            }
        }
        return exchanges.flatMap(\.tasks).compactMap { $0["project"]?.string }
            .filter { seen.insert($0).inserted }.map { ($0, names[$0] ?? "recorded/project") }
    }

    /// What somebody outside the recording enqueued, and when, as the entries popped later say.
    var foreignEntries: [(task: String, queue: String, milliseconds: Int64)] {
        let own = Set(
            exchanges.filter { $0.action == "tasks.enqueue" }.compactMap {
                ($0.request["queue"]?.string ?? "") + ($0.request["task"]?.string ?? "")
            })
        return exchanges.compactMap { exchange in
            guard let entry = exchange.data["entry"], let task = entry["task"]?.string,
                let queue = exchange.request["queue"]?.string, !own.contains(queue + task),
                let added = entry["added"]?.string.flatMap({ Timestamp(iso: $0) })
            else { return nil }
            return (task, queue, added.milliseconds)
        }
    }
}
