import ClearMLClient
import HTTP
import Handoff
import JSON
import Logging
import Synchronization
import TestKit
import Testing

@testable import AgentExec

/// A clock that moves only when somebody waits.
final class TestTime: Sendable {
    private let elapsed = Mutex(Duration.zero)

    var now: Duration { elapsed.withLock { $0 } }
    func pass(_ time: Duration) { elapsed.withLock { $0 += time } }

    var pace: Pace {
        Pace(
            now: { self.now },
            sleep: {
                try Task.checkCancellation()
                self.pass($0)
            }, jitter: { 1 })
    }
}

/// A server in front of `transport`, for tests.
func testServer(_ transport: any HTTPTransport, pace: Pace) -> ClearMLServer {
    ClearMLServer(
        configuration: ClearMLConfiguration(
            apiHost: "https://api.test", accessKey: Secret("KEY"), secretKey: Secret("very-secret-key")),
        transport: transport, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, pace: pace)
}

/// The environment that glue gives to a pod, with changes.
func podEnvironment(_ changes: [String: String] = [:]) -> [String: String] {
    let environment = [
        "GLUE_TASK_ID": "0123456789abcdef0123456789abcdef", "GLUE_INSTANCE": "inst", "GLUE_JOB_UID": "job-1",
        "GLUE_ATTEMPT": "2", "GLUE_PENDING_QUEUE": "pending", "GLUE_POD_UID": "pod-1", "GLUE_POD_NAME": "the-pod",
        "GLUE_NODE_NAME": "node-1", "CLEARML_API_HOST": "https://api.test", "CLEARML_API_ACCESS_KEY": "KEY",
        "CLEARML_API_SECRET_KEY": "very-secret-key", "PATH": "/usr/bin:/bin", "GLUE_POLL_SECONDS": "0.05",
    ]
    return environment.merging(changes) { _, new in new }
}

func testConfiguration(_ changes: [String: String] = [:]) throws -> ExecutorConfiguration {
    try ExecutorConfiguration(environment: podEnvironment(changes))
}

/// The claim of `podEnvironment`.
let ours = Claim(instance: "inst", jobUID: "job-1", attempt: 2)
let theirs = Claim(instance: "inst", jobUID: "job-2", attempt: 3)

func answer(_ data: JSONValue) -> ScriptedTransport.Step {
    { _ in .success(HTTPResponse(status: 200, body: envelope(200, 0, "OK", data))) }
}

func refusal(_ code: Int, _ subcode: Int, _ message: String = "no") -> ScriptedTransport.Step {
    { _ in .success(HTTPResponse(status: code, body: envelope(code, subcode, message, [:]))) }
}

/// No reply: the server may have acted, or certainly has not.
func lost(mayHaveActed: Bool) -> ScriptedTransport.Step {
    { _ in .failure(HTTPError(.timeout, mayHaveActed: mayHaveActed, "POST https://api.test: lost")) }
}

/// A step that also checks which action was called.
func expecting(
    _ action: String, _ step: @escaping ScriptedTransport.Step, sourceLocation: SourceLocation = #_sourceLocation
) -> ScriptedTransport.Step {
    { request in
        #expect(request.url == "https://api.test/\(action)", sourceLocation: sourceLocation)
        return step(request)
    }
}

let loggedIn = expecting("auth.login", answer(["token": .string(testToken)]))

/// `{"api_version":"2.34","server_version":"2.3.0","iat":1,"exp":9000000000}`
let testToken =
    "e30.eyJhcGlfdmVyc2lvbiI6IjIuMzQiLCJzZXJ2ZXJfdmVyc2lvbiI6IjIuMy4wIiwiaWF0IjoxLCJleHAiOjkwMDAwMDAwMDB9.sig"

func envelope(_ code: Int, _ subcode: Int, _ message: String, _ data: JSONValue) -> [UInt8] {
    let value: JSONValue = [
        "meta": [
            "id": "x", "result_code": .integer(Int64(code)), "result_subcode": .integer(Int64(subcode)),
            "result_msg": .string(message),
        ], "data": data,
    ]
    return value.bytes
}

/// The answer to a look at the task.
func look(
    _ status: String, claim: Claim? = ours, podUID: String? = nil, message: String = ""
) -> ScriptedTransport.Step {
    expecting(
        "tasks.get_all", answer(["tasks": [taskDocument(status, claim: claim, podUID: podUID, message: message)]]))
}

let noTask = expecting("tasks.get_all", answer(["tasks": []]))

func taskDocument(_ status: String, claim: Claim?, podUID: String? = nil, message: String = "") -> JSONValue {
    var runtime: JSONValue = [:]
    if let claim { runtime[Handoff.Runtime.claim] = .string("\(claim)") }
    if let claim, let podUID { runtime[Handoff.Runtime.podUID] = .string(claim.scoped(podUID)) }
    return ["id": "t", "status": .string(status), "status_message": .string(message), "runtime": runtime]
}
