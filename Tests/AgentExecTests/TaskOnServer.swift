import ClearMLClient
import HTTP
import Handoff
import JSON
import Synchronization
import TestKit

@testable import AgentExec

/// A script by action instead of by order, for tests in which console, heartbeat and watch call at their own times:
/// one task, and what an executor does to it. The rules of a whole server are the sandbox's business.
final class TaskOnServer: HTTPTransport {
    struct State {
        var status = "queued"
        var message = ""
        var reason = ""
        var runtime: JSONValue = ["glue_claim": .string("\(ours)")]
        var script: JSONValue = [:]
        var container: JSONValue = [:]
        var hasToken = true
        var isAway = false
        var console = ""
        /// Actions in order, polls and beats left out.
        var writes: [String] = []
        var requirements: JSONValue?
    }

    let state: Mutex<State>

    init(script: JSONValue) {
        state = Mutex(State(script: script))
    }

    /// The task as it is now.
    var now: State { state.withLock { $0 } }
    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    func send(_ request: HTTPRequest, bodyLimit: Int) async throws(HTTPError) -> HTTPResponse {
        let action = String(request.url.dropFirst("https://api.test/".count))
        return try state.withLock { (state: inout State) throws(HTTPError) -> HTTPResponse in
            if state.isAway { throw HTTPError(.connect, mayHaveActed: false, "POST \(request.url): away") }
            return Self.respond(action, request.body ?? [], &state)
        }
    }

    func stream(_ request: HTTPRequest) async throws(HTTPError) -> HTTPStream {
        throw HTTPError(.invalidURL, mayHaveActed: false, "nothing streams here")
    }

    private static func respond(_ action: String, _ bytes: [UInt8], _ state: inout State) -> HTTPResponse {
        func ok(_ data: JSONValue) -> HTTPResponse { HTTPResponse(status: 200, body: envelope(200, 0, "OK", data)) }
        func refused(_ subcode: Int) -> HTTPResponse {
            HTTPResponse(status: 400, body: envelope(400, subcode, "refused", [:]))
        }
        let body = (try? JSONValue(parsing: bytes)) ?? [:]
        func end(_ status: String) -> HTTPResponse {
            guard state.status == "in_progress" else { return refused(110) }
            state.status = status
            state.reason = body["status_reason"]?.string ?? ""
            state.message = body["status_message"]?.string ?? ""
            return ok(["updated": 1])
        }
        switch action {
        case "tasks.get_all", "workers.register", "workers.status_report", "workers.unregister", "auth.login": break
        case "events.add_batch": if state.writes.last != action { state.writes.append(action) }
        default: state.writes.append(action)
        }
        var document: JSONValue {
            [
                "id": "t", "status": .string(state.status), "status_message": .string(state.message),
                "runtime": state.runtime, "script": state.script,
                "container": state.container,
            ]
        }
        switch action {
        case "auth.login": return ok(["token": .string(testToken)])
        case "tasks.get_all": return ok(["tasks": [document]])
        case "tasks.get_by_id": return ok(["task": document])
        case "queues.remove_task":
            guard state.hasToken else { return refused(703) }
            state.hasToken = false
            return ok(["removed": 1])
        case "tasks.dequeue":
            guard state.status == "queued" else { return ok(["dequeued": 1, "updated": 0]) }
            state.status = "in_progress"
            return ok(["dequeued": 1, "updated": 1])
        case "tasks.edit_runtime":
            for (key, value) in body["add_or_update"]?.object ?? [:] { state.runtime[key] = value }
            return ok(["updated": 1])
        case "tasks.started":
            state.message = body["status_message"]?.string ?? ""
            return ok(["updated": 1])
        case "events.add_batch":
            let lines = bytes.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONValue(parsing: Array($0)) }
            for line in lines { state.console += (line["msg"]?.string ?? "") + "\n" }
            return ok(["added": .integer(Int64(lines.count)), "errors": 0])
        case "tasks.completed": return end("completed")
        case "tasks.failed": return end("failed")
        case "tasks.stopped": return end("stopped")
        case "tasks.set_requirements":
            state.requirements = body["requirements"]
            return ok(["updated": 1])
        case "tasks.edit":
            for (key, value) in body["script"]?.object ?? [:] { state.script[key] = value }
            return ok(["updated": 1])
        default: return ok([:])
        }
    }
}
