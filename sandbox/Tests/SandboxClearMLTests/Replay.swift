import HTTP
import JSON
import OS
import SandboxClearML

/// Plays a transcript against a fresh sandbox and notes every difference.
struct Replay {
    /// Something that is not as recorded.
    struct Difference: CustomStringConvertible {
        let exchange: Int
        let action: String
        let path: String
        let what: String
        var description: String { "#\(exchange) \(action) \(path): \(what)" }
    }

    private let transcript: Transcript
    private let client: Client
    /// Recorded id → the sandbox's.
    private var ids: [String: String] = [:]
    private(set) var differences: [Difference] = []
    private(set) var compared = 0
    /// Values compared, for the count at the end.
    private(set) var values = 0

    init(_ transcript: Transcript) {
        self.transcript = transcript
        client = Client(queues: [], user: ("__tests__", "tests"), company: "d1bd92a3b039400cbafc60a7a5b1e52b")
    }

    mutating func run() async {
        await seed()
        var entries = transcript.foreignEntries.sorted { $0.milliseconds < $1.milliseconds }
        for exchange in transcript.exchanges {
            while let entry = entries.first, entry.milliseconds <= exchange.milliseconds {
                client.clock.set(milliseconds: entry.milliseconds)
                await client.call(
                    "tasks.enqueue", mapped(["task": .string(entry.task), "queue": .string(entry.queue)]))
                entries.removeFirst()
            }
            client.clock.set(milliseconds: exchange.milliseconds)
            await abortAsSeen(in: exchange)
            await play(exchange)
        }
    }

    // MARK: - What was there before, and what others did meanwhile

    private mutating func seed() async {
        client.clock.set(milliseconds: (transcript.exchanges.first?.milliseconds ?? 0) - 60_000)
        for project in transcript.foreignProjects {
            ids[project.id] = await client.call("projects.create", ["name": .string(project.name)])["id"]?.string
        }
        for queue in transcript.foreignQueues {
            let tags = queue["system_tags"] ?? []
            let made = await client.call("queues.create", ["name": queue["name"] ?? nil, "system_tags": tags])
            ids[queue["id"]?.string ?? ""] = made["id"]?.string
        }
        for task in transcript.foreignTasks {
            var body: JSONValue = [:]
            for name in ["name", "type", "comment", "project", "script", "hyperparams", "container", "system_tags"] {
                body[name] = task[name]
            }
            ids[task["id"]?.string ?? ""] = await client.call("tasks.create", mapped(body))["id"]?.string
        }
    }

    /// An abort from the web page leaves no request in the recording, only its effect: "stopping" in the message,
    /// or the task in a list of stopped ones.
    private func abortAsSeen(in exchange: Transcript.Exchange) async {
        for shown in exchange.tasks {
            let recorded = shown["id"]?.string ?? exchange.request["id"]?[0]?.string ?? ""
            guard let id = ids[recorded] else { continue }
            let asksForStopped = exchange.request["status"] == ["stopped"]
            let isStopped = asksForStopped || shown["status"] == "stopped"
            guard isStopped || shown["status_message"] == "stopping" else { continue }
            let task = await client.task(id)
            if task["status"] == "stopped" || task["status_message"] == "stopping" { continue }
            await client.call("tasks.stop", ["task": .string(id)])
        }
    }

    // MARK: - One exchange

    private mutating func play(_ exchange: Transcript.Exchange) async {
        let answer: Client.Answer
        if let lines = exchange.request["$jsonl"]?.array {
            answer = await client.batch(String(exchange.path.dropFirst()), lines.map(mapped))
        } else {
            answer = await client.send(
                exchange.path, exchange.request.isNull ? nil : mapped(exchange.request).bytes,
                method: HTTPRequest.Method(rawValue: exchange.method) ?? .get,
                headers: ["Authorization": Client.basic])
        }
        compared += 1
        if let made = exchange.made { ids[made] = answer["id"]?.string }
        if answer.status != exchange.status {
            note(exchange, "status", "\(answer.status), recorded \(exchange.status): \(answer.meta.text())")
        }
        if answer.subcode != exchange.response["result_subcode"]?.int {
            note(exchange, "subcode", "\(answer.subcode), recorded \(exchange.response["result_subcode"] ?? nil)")
        }
        compare(mapped(exchange.data), answer.data, at: "data", exchange)
    }

    /// The value with every recorded id in it replaced by the sandbox's, also inside longer texts.
    private func mapped(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text):
            if let id = ids[text] { return .string(id) }
            guard text.utf8.count > 32 else { return value }
            return .string(ids.reduce(text) { text, pair in text.replacing(pair.key, with: pair.value) })
        case .array(let elements): return .array(elements.map(mapped))
        case .object(let members):
            return .object(members.reduce(into: JSONObject()) { $0[$1.key] = mapped($1.value) })
        default: return value
        }
    }

    private mutating func note(_ exchange: Transcript.Exchange, _ path: String, _ what: String) {
        differences.append(
            Difference(exchange: exchange.number, action: exchange.action, path: path, what: what))
    }

    /// Every recorded field must be there with the same type of value, none may be there beside them, and a value
    /// that neither time nor chance makes must be the same.
    private mutating func compare(
        _ recorded: JSONValue, _ ours: JSONValue, at path: String, _ exchange: Transcript.Exchange
    ) {
        values += 1
        switch (recorded, ours) {
        case (.object(let left), .object(let right)):
            for (name, value) in left {
                if let own = right[name] {
                    compare(value, own, at: "\(path).\(name)", exchange)
                } else {
                    note(exchange, "\(path).\(name)", "missing, recorded \(value.text().prefix(80))")
                }
            }
            for (name, value) in right where left[name] == nil {
                note(exchange, "\(path).\(name)", "not recorded, is \(value.text().prefix(80))")
            }
        case (.array(let left), .array(let right)):
            if left.count != right.count { note(exchange, path, "\(right.count) elements, recorded \(left.count)") }
            for (first, second) in zip(left, right) { compare(first, second, at: "\(path)[]", exchange) }
        case (.integer, .number), (.number, .integer), (.number, .number), (.integer, .integer):
            if !Self.isVolatile(path), recorded.double != ours.double {
                note(exchange, path, "\(ours.text()), recorded \(recorded.text())")
            }
        default:
            if recorded.kindName != ours.kindName {
                note(exchange, path, "\(ours.kindName), recorded \(recorded.kindName)")
            } else if !Self.isVolatile(path), recorded != ours {
                note(exchange, path, "\(ours.text().prefix(120)), recorded \(recorded.text().prefix(120))")
            }
        }
    }

    /// Fields whose value is made by time or chance: only their presence and type are compared.
    private static func isVolatile(_ path: String) -> Bool {
        let names: Set<String> = [
            "created", "started", "completed", "status_changed", "last_update", "last_change", "last_worker_report",
            "added", "active_duration", "token", "path[]", "parent",
        ]
        return names.contains(path.split(separator: ".").last.map(String.init) ?? "") && path != "data.started"
    }
}
