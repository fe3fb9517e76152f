import HTTP
import JSON
import OS
import SandboxClearML
import Synchronization

/// A caller of a sandbox of its own, with a clock that moves only when told.
struct Client: Sendable {
    /// What a call gave: the HTTP status (which must equal `result_code`), the subcode, the data.
    struct Answer {
        let status: Int
        let subcode: Int
        let data: JSONValue
        let meta: JSONValue

        subscript(name: String) -> JSONValue? { data[name] }
    }

    final class Clock: Sendable {
        private let milliseconds = Mutex<Int64>(1_795_477_492_000)
        var now: Timestamp { Timestamp(milliseconds: milliseconds.withLock { $0 }) }
        func set(milliseconds now: Int64) { milliseconds.withLock { $0 = now } }
        func advance(seconds: Int64) { milliseconds.withLock { $0 += seconds * 1000 } }
    }

    let clock: Clock
    let sandbox: ClearMLSandbox

    init(
        eventBytesLimit: Int = 1 << 20, queues: [String] = ["default"],
        user: (id: String, name: String) = ("__sandbox__", "tester"), company: String = "the company"
    ) {
        let clock = Clock()
        let counter = Mutex(0)
        self.clock = clock
        sandbox = ClearMLSandbox(
            configuration: ClearMLSandboxConfiguration(
                accessKey: "key", secretKey: Secret("secret"), userID: user.id, userName: user.name,
                companyID: company, queues: queues,
                now: { clock.now },
                makeID: {
                    let number = counter.withLock { count in
                        count += 1
                        return count
                    }
                    let hex = String(number, radix: 16)
                    return String(repeating: "0", count: 32 - hex.count) + hex
                }, eventBytesLimit: eventBytesLimit))
    }

    /// `key:secret` as HTTP Basic has it.
    static let basic = "Basic a2V5OnNlY3JldA=="

    func send(
        _ path: String, _ body: [UInt8]?, method: HTTPRequest.Method = .post, headers: HTTPHeaders
    ) async -> Answer {
        let response = await sandbox.respond(to: HTTPRequest(method, path, headers: headers, body: body))
        let document = (try? JSONValue(parsing: response.body)) ?? .null
        let meta = document["meta"] ?? .null
        return Answer(
            status: meta["result_code"]?.int == response.status ? response.status : -1,
            subcode: meta["result_subcode"]?.int ?? -1, data: document["data"] ?? .null, meta: meta)
    }

    @discardableResult
    func call(_ action: String, _ body: JSONValue = [:]) async -> Answer {
        await send("/" + action, body.bytes, headers: ["Authorization": Self.basic])
    }

    /// A batch, one object a line.
    func batch(_ action: String, _ lines: [JSONValue]) async -> Answer {
        let body = lines.map { $0.text() }.joined(separator: "\n")
        return await send(
            "/" + action, Array(body.utf8),
            headers: ["Authorization": Self.basic, "Content-Type": "application/json-lines"])
    }

    func makeTask(_ name: String = "a task", _ fields: JSONValue = [:]) async -> String {
        var body: JSONValue = ["name": .string(name), "type": "training"]
        for (field, value) in fields.object ?? JSONObject() { body[field] = value }
        return await call("tasks.create", body)["id"]?.string ?? "no id"
    }

    func makeQueue(_ name: String, tags: [String] = []) async -> String {
        await call("queues.create", ["name": .string(name), "system_tags": .array(tags.map(JSONValue.string))])["id"]?
            .string ?? "no id"
    }

    func task(_ id: String) async -> JSONValue {
        await call("tasks.get_by_id", ["task": .string(id)])["task"] ?? .null
    }

    func status(_ id: String) async -> String { await task(id)["status"]?.string ?? "gone" }

    /// The ids of the tasks in a queue, in order.
    func entries(_ queue: String) async -> [String] {
        let shown = await call("queues.get_by_id", ["queue": .string(queue)])["queue"]
        return shown?["entries"]?.array?.compactMap { $0["task"]?.string } ?? ["no queue"]
    }
}
