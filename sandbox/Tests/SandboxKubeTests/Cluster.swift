import HTTP
import JSON
import OS
import Synchronization
import Testing

@testable import SandboxKube

/// A sandbox with a clock that the test moves, and short ways to talk to it.
struct Cluster {
    /// A clock that stands still until it is told otherwise.
    final class HandClock: Sendable {
        private let time = Mutex(Timestamp(milliseconds: 1_795_000_000_000))
        var now: Timestamp { time.withLock { $0 } }
        func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
    }

    struct Answer {
        var status: Int
        var headers: HTTPHeaders
        var body: JSONValue

        var message: String { body["message"]?.string ?? "" }
        var reason: String { body["reason"]?.string ?? "" }
        var warnings: [String] { headers.all("Warning") }
        var names: [String] { body["items"]?.array?.map(\.name) ?? [] }
    }

    let clock = HandClock()
    let sandbox: KubeSandbox

    init(_ change: (inout KubeConfiguration) -> Void = { _ in }) throws {
        var configuration = KubeConfiguration(tokens: ["admin": .administrator()])
        let clock = self.clock
        configuration.now = { clock.now }
        change(&configuration)
        sandbox = try KubeSandbox(configuration: configuration)
    }

    func call(
        _ method: HTTPRequest.Method, _ url: String, _ body: JSONValue? = nil, type: String = "application/json",
        accept: String = "application/json", token: String = "admin"
    ) async throws -> Answer {
        let reply = await sandbox.respond(
            to: HTTPRequest(
                method, url,
                headers: ["Authorization": "Bearer \(token)", "Content-Type": type, "Accept": accept], body: body?.bytes
            ))
        switch reply {
        case .whole(let response):
            let json = try? JSONValue(parsing: response.body)
            return Answer(
                status: response.status, headers: response.headers,
                body: json ?? .string(String(decoding: response.body, as: UTF8.self)))
        case .stream(let stream):
            Issue.record("\(method) \(url) answered with a stream")
            return Answer(status: stream.status, headers: stream.headers, body: nil)
        }
    }

    /// The lines of a watch, one by one.
    func watch(_ url: String) async throws -> AsyncThrowingMapSequence<
        AsyncThrowingStream<[UInt8], any Error>, JSONValue
    > {
        let reply = await sandbox.respond(to: HTTPRequest(.get, url, headers: ["Authorization": "Bearer admin"]))
        guard case .stream(let stream) = reply else {
            Issue.record("\(url) is no watch: \(reply)")
            throw CancellationError()
        }
        return stream.chunks.map { try JSONValue(parsing: $0) }
    }
}

enum Sample {
    static func job(_ name: String, _ change: (inout JSONValue) -> Void = { _ in }) -> JSONValue {
        var job: JSONValue = [
            "apiVersion": "batch/v1", "kind": "Job", "metadata": ["name": .string(name), "labels": ["app": "glue"]],
            "spec": [
                "backoffLimit": 0,
                "template": [
                    "spec": [
                        "restartPolicy": "Never",
                        "containers": [["name": "task", "image": "python:3.11", "command": ["true"]]],
                    ]
                ],
            ],
        ]
        change(&job)
        return job
    }

    static func pod(_ name: String, _ change: (inout JSONValue) -> Void = { _ in }) -> JSONValue {
        var pod: JSONValue = [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name)],
            "spec": ["containers": [["name": "task", "image": "busybox"]]],
        ]
        change(&pod)
        return pod
    }

    static func configMap(_ name: String, _ data: JSONObject = [:], labels: JSONObject = [:]) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": ["name": .string(name), "labels": .object(labels)], "data": .object(data),
        ]
    }
}

let jobsPath = "/apis/batch/v1/namespaces/default/jobs"
let podsPath = "/api/v1/namespaces/default/pods"
let mapsPath = "/api/v1/namespaces/default/configmaps"

/// A kubelet in the test's hands.
extension Cluster {
    var pods: [JSONValue] { sandbox.list(.pods, namespace: "default") }
    func job(_ name: String) throws -> JSONValue {
        try #require(sandbox.get(.jobs, namespace: "default", name: name))
    }

    /// Makes a Job and lets its controller work.
    @discardableResult
    func start(_ name: String, _ change: (inout JSONValue) -> Void = { _ in }) throws -> JSONValue {
        try sandbox.create(.jobs, namespace: "default", Sample.job(name, change))
        sandbox.settle()
        return try job(name)
    }

    func run(_ pod: JSONValue) throws {
        try sandbox.bindPod(namespace: "default", name: pod.name, node: "sandbox")
        try setPhase(pod, "Running")
    }

    func setPhase(_ pod: JSONValue, _ phase: String, exitCode: Int? = nil) throws {
        try sandbox.updateStatus(.pods, namespace: "default", name: pod.name) { pod throws(KubeRefusal) in
            pod.set(.string(phase), "status", "phase")
            pod.setCondition(["type": "Ready", "status": phase == "Running" ? "True" : "False"])
            guard let exitCode else { return }
            pod.set(
                [["name": "task", "state": ["terminated": ["exitCode": .integer(Int64(exitCode))]]]], "status",
                "containerStatuses")
        }
        sandbox.settle()
    }

    func events(of object: JSONValue) -> [String] {
        sandbox.list(.events, namespace: "default").filter { $0.string("involvedObject", "uid") == object.uid }
            .map { "\($0.string("reason") ?? ""): \($0.string("message") ?? "")" }
    }

    func conditions(_ job: JSONValue) -> [String] {
        job.list("status", "conditions").map {
            "\($0.string("type") ?? "")=\($0.string("status") ?? "") \($0.string("reason") ?? "")"
        }
    }
}
