import HTTP
import JSON
import Testing

@testable import SandboxKube

@Suite struct SurfaceTests {
    @Test func `discovery names every kind`() async throws {
        let cluster = try Cluster()
        #expect(try await cluster.call(.get, "/api").body["versions"] == ["v1"])
        let groups = try await cluster.call(.get, "/apis").body.list("groups").compactMap { $0.string("name") }
        #expect(Set(["batch", "coordination.k8s.io", "events.k8s.io", "policy"]).isSubset(of: groups))
        for group in groups {
            let page = try await cluster.call(.get, "/apis/\(group)/v1")
            #expect(!page.body.list("resources").isEmpty, "\(group) is empty")
            #expect(try await cluster.call(.get, "/apis/\(group)").body.string("kind") == "APIGroup")
        }
        let core = try await cluster.call(.get, "/api/v1").body.list("resources")
        let pods = try #require(core.first { $0.string("name") == "pods" })
        #expect(pods["shortNames"] == ["po"])
        #expect(pods.list("verbs").contains("watch"))
        #expect(core.contains { $0.string("name") == "pods/eviction" })
        #expect(try await cluster.call(.get, "/version").body.string("minor") == "36")
        #expect(try await cluster.call(.get, "/openapi/v3/apis/batch/v1").body["paths"] != nil)
        #expect(try await cluster.call(.get, "/openapi/v2").status == 404)
    }

    @Test func `lists come as tables when asked for`() async throws {
        let cluster = try Cluster()
        try cluster.start("j")
        try cluster.run(try #require(cluster.pods.first))
        cluster.clock.advance(.seconds(125))
        let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
        func row(_ url: String) async throws -> [JSONValue] {
            let table = try await cluster.call(.get, url, accept: accept).body
            #expect(table.string("kind") == "Table")
            let row = try #require(table.list("rows").first)
            #expect(row.list("cells").count == table.list("columnDefinitions").count)
            #expect(row.string("object", "kind") == "PartialObjectMetadata")
            return row.list("cells")
        }
        #expect(try await Array(row(podsPath).dropFirst().prefix(4)) == ["0/1", "Running", "0", "2m5s"])
        #expect(try await Array(row(jobsPath).prefix(5)) == ["j", "Running", "0/1", "2m5s", "2m5s"])
        #expect(try await Array(row("/api/v1/nodes").prefix(2)) == ["sandbox", "Ready"])
        #expect(
            try await Array(row("/api/v1/namespaces/default/events").prefix(3)) == [
                "2m5s", "Normal", "SuccessfulCreate",
            ])
        #expect(try await Array(row("/api/v1/namespaces/default").prefix(2)) == ["default", "Active"])
    }

    @Test(arguments: [
        (0, "0s"), (119, "119s"), (120, "2m"), (185, "3m5s"), (3600, "60m"), (10_800, "3h"), (90_000, "25h"),
        (172_800, "2d"),
    ])
    func `ages read as people write them`(_ seconds: Int, _ text: String) {
        #expect(Age.text(.seconds(seconds)) == text)
    }

    @Test func `logs come from the kubelet`() async throws {
        let cluster = try Cluster()
        _ = try await cluster.call(.post, podsPath, Sample.pod("p"))
        let unbound = try await cluster.call(.get, "\(podsPath)/p/log")
        #expect(unbound.message == "pod p does not have a host assigned")
        try cluster.sandbox.bindPod(namespace: "default", name: "p", node: "sandbox")
        #expect(try await cluster.call(.get, "\(podsPath)/p/log").status == 500)
        cluster.sandbox.servePodLogs { namespace, pod, container, options in
            let text = "\(namespace) \(pod) \(container) \(options.tailLines ?? -1) \(options.follow)\n"
            return .stream(
                AsyncThrowingStream { chunks in
                    chunks.yield(Array(text.utf8))
                    chunks.finish()
                })
        }
        let url = "\(podsPath)/p/log?tailLines=5&follow=true"
        let reply = await cluster.sandbox.respond(
            to: HTTPRequest(.get, url, headers: ["Authorization": "Bearer admin"]))
        guard case .stream(let stream) = reply else {
            Issue.record("\(reply)")
            return
        }
        var text: [UInt8] = []
        for try await chunk in stream.chunks { text += chunk }
        #expect(String(decoding: text, as: UTF8.self) == "default p task 5 true\n")
        let absent = try await cluster.call(.get, "\(podsPath)/p/log?container=zzz")
        #expect(absent.message == "container zzz is not valid for pod p")
        try cluster.sandbox.updateStatus(.pods, namespace: "default", name: "p") { pod throws(KubeRefusal) in
            pod.set(
                [["name": "task", "state": ["waiting": ["reason": "ImagePullBackOff"]]]], "status", "containerStatuses")
        }
        let waiting = try await cluster.call(.get, "\(podsPath)/p/log")
        #expect(
            waiting.message == "container \"task\" in pod \"p\" is waiting to start: trying and failing to pull image")
    }

    @Test func `a kubectl that sends protobuf is understood`() async throws {
        let cluster = try Cluster()
        // k8s\0, TypeMeta{v1, Secret}, raw Secret{metadata{name: s}, data{a: b}, type: Opaque}
        func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
            [number << 3 | 2, UInt8(content.count)] + content
        }
        func text(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }
        let secret = field(1, text(1, "s") + text(2, "")) + field(2, text(1, "a") + text(2, "b")) + text(3, "Opaque")
        let body = [0x6b, 0x38, 0x73, 0x00] + field(1, text(1, "v1") + text(2, "Secret")) + field(2, secret)
        func post(_ body: [UInt8]) async -> Int {
            let request = HTTPRequest(
                .post, "/api/v1/namespaces/default/secrets",
                headers: ["Authorization": "Bearer admin", "Content-Type": "application/vnd.kubernetes.protobuf"],
                body: body)
            guard case .whole(let response) = await cluster.sandbox.respond(to: request) else { return 0 }
            return response.status
        }
        #expect(await post(body) == 201)
        #expect(cluster.sandbox.get(.secrets, namespace: "default", name: "s")?["data"] == ["a": "Yg=="])
        #expect(await post(Array(body.dropLast())) == 400)
        #expect(await post(Array("{}".utf8)) == 400)
        let job = [0x6b, 0x38, 0x73, 0x00] + field(1, text(1, "batch/v1") + text(2, "Job")) + field(2, [])
        #expect(await post(job) == 415)
    }

    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
    func `base64 goes both ways`(_ text: String, _ encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
    }

    @Test(arguments: ["Z", "Zg=", "Zg===", "Zm9v=", "Z!==", "=Zg="])
    func `what is no base64 is refused`(_ text: String) { #expect(Base64.decode(text) == nil) }

    @Test(arguments: [
        ("1", "1000m"), ("1Ki", "1024"), ("0.5", "500m"), ("1e3", "1k"), ("1G", "1000M"), ("2Gi", "2048Mi"),
    ])
    func `quantities are compared by value`(_ left: String, _ right: String) throws {
        #expect(try #require(Quantity(left)) == (try #require(Quantity(right))))
    }

    @Test(arguments: ["", "x", "1X", "1 Gi", "Gi", "1e"])
    func `what is no quantity is refused`(_ text: String) { #expect(Quantity(text) == nil) }

    @Test func `indexes are written as ranges`() {
        #expect(CompletedIndexes.text([0, 2, 3, 4, 7, 8]) == "0,2-4,7,8")
        #expect(CompletedIndexes.parse("0,2-4,7,8") == [0, 2, 3, 4, 7, 8])
    }

    @Test func `a Job may not bring its own selector`() async throws {
        let cluster = try Cluster()
        let answer = try await cluster.call(
            .post, jobsPath, Sample.job("j") { $0.set(["a": "b"], "spec", "selector", "matchLabels") })
        #expect(answer.status == 422)
        #expect(answer.message.hasSuffix("`selector` not auto-generated"))
    }

    @Test func `the running cluster works on its own`() async throws {
        let cluster = try Cluster()
        let run = Task { await cluster.sandbox.run() }
        _ = try await cluster.call(.post, jobsPath, Sample.job("j"))
        for await change in cluster.sandbox.watch(.pods, namespace: "default") where change.kind == .added {
            #expect(change.object.labels["job-name"] == "j")
            break
        }
        run.cancel()
        await run.value
        #expect(cluster.sandbox.openWatches == 0)
    }
}
