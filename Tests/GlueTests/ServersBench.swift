import ClearMLClient
import HTTP
import Handoff
import JSON
import KubeClient
import Logging
import Synchronization
import TestKit
import Testing

@testable import Glue

/// ClearML and Kubernetes behind one script, so that the order of writes to both is seen.
struct ServersBench {
    let transport: ScriptedTransport
    let jobs: JobWriter
    let claims: ClaimWriter

    static let task = "0123456789abcdef0123456789abcdef"
    static let enqueue = Enqueue(queue: "origin", added: "2026-11-24T00:00:00+00:00")
    static let instance = "00000000deadbeef"
    static let claim = (task: task, attempt: 1, enqueue: enqueue)

    init(_ steps: [ScriptedTransport.Step]) throws {
        transport = ScriptedTransport(steps)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let kube = KubernetesClient(
            configuration: ClusterConfiguration(server: "https://kube.test", credentials: .none),
            transport: transport, watchTransport: transport, logger: logger)
        let server = ClearMLServer(
            configuration: ClearMLConfiguration(
                apiHost: "https://clearml.test", accessKey: Secret("key"), secretKey: Secret("secret"), workerName: nil),
            transport: transport, logger: logger)
        jobs = JobWriter(kube: kube, namespace: "ns", instance: Self.instance)
        claims = ClaimWriter(
            server: server, jobs: jobs, console: TaskConsole(server: server, worker: "glue", logger: logger),
            pendingQueue: "pending", place: .init(cluster: "test", namespace: "ns"), logger: logger,
            render: { _, _, _ in nil })
    }

    /// What was asked, in order: `PATCH jobs/<name>`, `queues.add_task`.
    var asked: [String] {
        transport.requests.map { request in
            guard request.url.hasPrefix("https://kube.test") else {
                return String(request.url.split(separator: "/").last ?? "")
            }
            let path = request.url.split(separator: "?")[0].split(separator: "/")
            return ([request.method.rawValue] + [path.drop { $0 != "jobs" }.joined(separator: "/")]).joined(
                separator: " ")
        }
    }

    /// The body of the `index`-th request.
    func body(_ index: Int) throws -> JSONValue { try JSONValue(parsing: try #require(transport.requests[index].body)) }

    func finish(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(transport.remaining == 0, "steps never reached", sourceLocation: sourceLocation)
    }

    /// A Job of ours as the API server has it.
    static func job(
        uid: String = "uid-1", version: String = "7", task: String = task, state: Handoff.ClaimState = .pending,
        finalizers: [String] = [Handoff.finalizer], isDeleting: Bool = false, isComplete: Bool = false
    ) -> JSONValue {
        var job: JSONValue = [
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": [
                "name": "job", "namespace": "ns", "uid": .string(uid), "resourceVersion": .string(version),
                "labels": [
                    Handoff.Label.task: .string(task), Handoff.Label.instance: .string(instance),
                    Handoff.Label.attempt: "1",
                ],
                "annotations": [
                    Handoff.Annotation.originQueue: .string(enqueue.queue),
                    Handoff.Annotation.originAdded: .string(enqueue.added),
                    Handoff.Annotation.claim: .string(state.rawValue),
                ],
                "finalizers": .array(finalizers.map(JSONValue.string)),
            ], "spec": ["parallelism": 0],
        ]
        if isDeleting { job["metadata"]?["deletionTimestamp"] = "2026-11-24T00:00:01Z" }
        if isComplete { job["status"] = ["conditions": [["type": "Complete", "status": "True"]]] }
        return job
    }

    static func facts(_ job: JSONValue = job()) throws -> JobFacts { try #require(JobFacts(job, pods: [])) }
}

func kubernetes(_ value: JSONValue, status: Int = 200) -> ScriptedTransport.Step {
    { _ in .success(HTTPResponse(status: status, body: value.bytes)) }
}

func refused(_ code: Int, _ reason: String) -> ScriptedTransport.Step {
    kubernetes(
        [
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": .integer(Int64(code)),
            "reason": .string(reason), "message": "no", "details": [:],
        ], status: code)
}

func replyLost(_: HTTPRequest) -> Result<HTTPResponse, HTTPError> {
    .failure(HTTPError(.protocolViolation, mayHaveActed: true, "the connection broke"))
}

func clearML(_ data: JSONValue) -> ScriptedTransport.Step {
    let value: JSONValue = [
        "meta": ["id": "x", "result_code": 200, "result_subcode": 0, "result_msg": "OK"], "data": data,
    ]
    return { _ in .success(HTTPResponse(status: 200, body: value.bytes)) }
}

/// `auth.login`, which comes before the first call: a token with the payload of API 2.34, valid to 2038.
let login = clearML(["token": .string("e30.eyJhcGlfdmVyc2lvbiI6IjIuMzQiLCJleHAiOjIxNDc0ODM2NDd9.x")])
