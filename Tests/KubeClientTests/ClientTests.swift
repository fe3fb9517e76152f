import HTTP
import JSON
import Logging
import OS
import TestKit
import Testing

@testable import KubeClient

@Suite struct ClientTests {
    @Test func `a read that meets 503, 429 and a broken connection is repeated, and obeys Retry-After`() async throws {
        let time = FakeTime()
        let (client, transport) = scripted(
            [
                answer(.status(503, "ServiceUnavailable", "starting")),
                answer(.status(429, "TooManyRequests", "slow", headers: ["Retry-After": "7"])),
                lost(.protocolViolation, mayHaveActed: true),
                answer(.json(["metadata": ["name": "p", "namespace": "n"]])),
            ], time: time)
        let pod = try await client.get(Pod.self, "p", namespace: "n")
        #expect(pod.key == ObjectKey(namespace: "n", name: "p"))
        #expect(time.sleeps == [.milliseconds(200), .seconds(7), .milliseconds(800)])
        #expect(transport.remaining == 0)
        #expect(transport.requests[0].url == "https://api:6443/api/v1/namespaces/n/pods/p")
    }

    @Test func `a create whose reply was lost is not repeated, and says that the server may have acted`() async throws {
        let (client, transport) = scripted([lost(.timeout, mayHaveActed: true)])
        let error = await #expect(throws: KubernetesError.self) {
            _ = try await client.create(Job(name: "j", namespace: "n"))
        }
        #expect(error?.mayHaveActed == true)
        #expect(error?.isPermanent == false)
        #expect(transport.requests.count == 1)
    }

    @Test func `a create that was never sent, or was turned away with 429, is repeated`() async throws {
        let (client, transport) = scripted([
            lost(.connect, mayHaveActed: false),
            answer(.status(429, "TooManyRequests", "slow")),
            answer(
                .json(["metadata": ["name": "j"]], status: 201, headers: ["Warning": "299 - \"an \\\"old\\\" field\""])),
        ])
        let created = try await client.create(Job(name: "j", namespace: "n"))
        #expect(created.object.name == "j")
        #expect(created.warnings == ["an \"old\" field"])
        #expect(transport.requests.count == 3)
        #expect(transport.requests[2].method == .post)
        #expect(transport.requests[2].url == "https://api:6443/apis/batch/v1/namespaces/n/jobs")
        let body = try JSONValue(parsing: transport.requests[2].body ?? [])
        #expect(body["kind"] == "Job" && body["apiVersion"] == "batch/v1")
    }

    @Test func `a write that meets 500 is not repeated, since the server may have acted`() async throws {
        for status in [500, 503, 504] {
            let (client, transport) = scripted([answer(.status(status, "InternalError", "oops"))])
            let error = await #expect(throws: KubernetesError.self) {
                try await client.delete(Pod.self, "p", namespace: "n")
            }
            #expect(error?.mayHaveActed == true)
            #expect(transport.requests.count == 1)
        }
    }

    @Test func `tries end at the policy's deadline`() async throws {
        let time = FakeTime()
        let transport = ScriptedTransport(Array(repeating: answer(.status(503, "", "no")), count: 20))
        let client = KubernetesClient(
            configuration: .init(server: "http://a"), transport: transport, watchTransport: transport,
            logger: .init(label: "t"), pacing: time.pacing
        ).within(.seconds(2))
        await #expect(throws: KubernetesError.self) { _ = try await client.version() }
        #expect(time.sleeps == [.milliseconds(200), .milliseconds(400), .milliseconds(800)])
        #expect(transport.requests.map(\.timeouts.total) == [2000, 1800, 1400, 600].map { .milliseconds($0) })
    }

    @Test func `a refusal by RBAC names verb, resource, namespace and user in its hint`() async throws {
        let (client, _) = scripted([
            answer(
                .status(
                    403, "Forbidden",
                    "jobs.batch \"j\" is forbidden: User \"system:serviceaccount:x:glue\" cannot patch resource \"jobs\" in API group \"batch\" in the namespace \"n\""
                ))
        ])
        let error = await #expect(throws: KubernetesError.self) {
            _ = try await client.patch(Job.self, "j", namespace: "n", .merge(["spec": ["parallelism": 1]]))
        }
        #expect(
            error?.hint == "allow verb `patch` on `jobs.batch` in namespace `n` to `system:serviceaccount:x:glue`")
        #expect(error.map { "\($0)" }?.hasPrefix("cannot patch jobs.batch `n/j`: 403 Forbidden: ") == true)
        #expect(error?.isForbidden == true && error?.isPermanent == true)
    }

    @Test func `a refusal by a quota has no RBAC hint`() {
        let error = KubernetesError.status(
            Status(code: 403, reason: "Forbidden", message: "pods \"x\" is forbidden: exceeded quota: q"),
            ResourceOperation(verb: "create", resource: .pods, namespace: "n", name: "x"))
        #expect(error.hint == nil)
    }

    @Test func `causes that the message leaves out are named with their fields`() {
        let error = KubernetesError.status(
            Status(
                code: 422, reason: "Invalid", message: "Pod is invalid",
                causes: [.init(reason: "FieldValueRequired", message: "Required value", field: "spec.containers")]),
            ResourceOperation(verb: "create", resource: .pods, namespace: "n", name: "x"))
        #expect(
            "\(error)"
                == "cannot create pods `n/x`: 422 Invalid: Pod is invalid; `spec.containers`: Required value")
    }

    @Test(arguments: [
        (404, "NotFound", 0), (409, "AlreadyExists", 1), (409, "Conflict", 2), (410, "Expired", 3),
        (403, "Forbidden", 4), (401, "Unauthorized", 5), (422, "Invalid", 6),
    ])
    func `each refusal answers to its name alone`(code: Int, reason: String, place: Int) {
        let error = KubernetesError.status(
            Status(code: code, reason: reason, message: ""), ResourceOperation(verb: "get", resource: .pods))
        let answers = [
            error.isNotFound, error.isAlreadyExists, error.isConflict, error.isGone, error.isForbidden,
            error.isUnauthorized, error.isInvalid,
        ]
        #expect(answers == (0..<7).map { $0 == place })
        #expect(error.isPermanent)
    }

    @Test func `a refusal that is no Status keeps its code and the beginning of its text`() async throws {
        let (client, _) = scripted([answer(HTTPResponse(status: 404, body: Array("<html>\nnginx".utf8)))])
        let error = await #expect(throws: KubernetesError.self) {
            _ = try await client.get(Pod.self, "p", namespace: "n")
        }
        #expect(error?.status == Status(code: 404, reason: "", message: "<html> nginx"))
    }

    @Test func `an answer that is no JSON is a decoding error with the place`() async throws {
        let (client, _) = scripted([answer(HTTPResponse(status: 200, body: Array("{oops".utf8)))])
        let error = await #expect(throws: KubernetesError.self) { _ = try await client.raw("/apis") }
        #expect(error.map { "\($0)" }?.contains("invalid JSON at byte 1") == true)
    }

    @Test func `a token file is read for each call, and once more after 401`() async throws {
        let path = "/tmp/kube-token-\(randomHex(bytes: 8))"
        try Files.write(Array("one\n".utf8), to: path)
        let (client, transport) = scripted(
            [
                { _ in
                    try? Files.write(Array("two\n".utf8), to: path)
                    return .success(.status(401, "Unauthorized", "Unauthorized"))
                },
                answer(.json(["major": "1", "minor": "20+", "gitVersion": "v1.20.2"])),
                answer(.status(401, "Unauthorized", "Unauthorized")),
                answer(.status(401, "Unauthorized", "Unauthorized")),
            ], credentials: .tokenFile(path))
        let version = try await client.version()
        #expect(version >= ServerVersion(major: 1, minor: 20) && version < ServerVersion(major: 1, minor: 21))
        #expect(transport.requests.map { $0.headers["authorization"] } == ["Bearer one", "Bearer two"])
        let error = await #expect(throws: KubernetesError.self) { _ = try await client.version() }
        #expect(error?.isUnauthorized == true)
        #expect(transport.requests.count == 4)
    }

    @Test func `a token file that cannot be read is an error that names the file, not the token`() async throws {
        let (client, transport) = scripted([], credentials: .tokenFile("/does/not/exist"))
        let error = await #expect(throws: KubernetesError.self) { _ = try await client.version() }
        #expect(error.map { "\($0)" }?.contains("/does/not/exist") == true)
        #expect(transport.requests.isEmpty)
    }

    @Test func `a delete says whether the object waits`() async throws {
        let (client, transport) = scripted([
            answer(.json(["kind": "Status", "status": "Success"])),
            answer(.json(["kind": "Job", "metadata": ["name": "j", "deletionTimestamp": "2026-01-01T00:00:00Z"]])),
        ])
        guard case .removed = try await client.delete(Job.self, "j", namespace: "n") else {
            Issue.record("expected removed")
            return
        }
        let options = DeleteOptions(uid: "u", resourceVersion: "7", propagation: .background, gracePeriodSeconds: 3)
        guard case .accepted(let job) = try await client.delete(Job.self, "j", namespace: "n", options) else {
            Issue.record("expected accepted")
            return
        }
        #expect(job.isDeleting)
        let body = try JSONValue(parsing: transport.requests[1].body ?? [])
        #expect(body.at("preconditions", "uid") == "u" && body.at("preconditions", "resourceVersion") == "7")
        #expect(body["propagationPolicy"] == "Background" && body["gracePeriodSeconds"] == 3)
    }

    @Test func `a page of a list says where the next one begins`() async throws {
        let (client, transport) = scripted([
            answer(
                .json([
                    "metadata": ["resourceVersion": "9", "continue": "abc", "remainingItemCount": 4],
                    "items": [["metadata": ["name": "a"]]],
                ])),
            answer(.json(["metadata": ["resourceVersion": "9", "continue": ""], "items": nil])),
        ])
        let selector = try LabelSelector([.equals("app", "x"), .isOne("tier", of: ["a", "b"]), .isAbsent("old")])
        let page = try await client.list(Pod.self, namespace: "n", ListOptions(labels: selector, limit: 1))
        #expect(page.items.map(\.name) == ["a"] && page.continueToken == "abc" && page.remainingItemCount == 4)
        let last = try await client.list(Pod.self, ListOptions(continueToken: "abc"))
        #expect(last.items.isEmpty && last.continueToken == nil && last.resourceVersion == "9")
        #expect(
            transport.requests.map(\.url) == [
                "https://api:6443/api/v1/namespaces/n/pods?labelSelector=app%3Dx%2Ctier%20in%20%28a%2Cb%29%2C%21old&limit=1",
                "https://api:6443/api/v1/pods?continue=abc",
            ])
    }
}
