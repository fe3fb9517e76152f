import HTTP
import JSON
import Testing

@testable import SandboxKube

@Suite struct ListTests {
    private func filled(_ names: [String]) async throws -> Cluster {
        let cluster = try Cluster()
        for (place, name) in names.enumerated() {
            _ = try await cluster.call(
                .post, mapsPath, Sample.configMap(name, labels: ["n": .string(String(place)), "app": "x"]))
        }
        return cluster
    }

    @Test func `pages are of one moment`() async throws {
        let cluster = try await filled(["a", "b", "c", "d", "e"])
        let first = try await cluster.call(.get, "\(mapsPath)?limit=2")
        #expect(first.names == ["a", "b"])
        #expect(first.body.int("metadata", "remainingItemCount") == 3)
        let token = try #require(first.body.string("metadata", "continue"))
        _ = try await cluster.call(.delete, "\(mapsPath)/c")
        _ = try await cluster.call(.post, mapsPath, Sample.configMap("bb"))
        let second = try await cluster.call(.get, "\(mapsPath)?limit=2&continue=\(token)")
        #expect(second.names == ["c", "d"])
        #expect(second.body.string("metadata", "resourceVersion") == first.body.string("metadata", "resourceVersion"))
        let rest = try #require(second.body.string("metadata", "continue"))
        #expect(try await cluster.call(.get, "\(mapsPath)?limit=2&continue=\(rest)").names == ["e"])
        cluster.sandbox.compact()
        let gone = try await cluster.call(.get, "\(mapsPath)?limit=2&continue=\(rest)")
        #expect(gone.status == 410)
        #expect(gone.reason == "Expired")
        #expect(try await cluster.call(.get, "\(mapsPath)?continue=@@").status == 400)
    }

    @Test(arguments: [
        ("n=1", ["b"]), ("n==1", ["b"]), ("n!=1", ["a", "c"]), ("n in (0, 2)", ["a", "c"]),
        ("n notin (0,2)", ["b"]), ("n,app=x", ["a", "b", "c"]), ("!n", []), ("n>0", ["b", "c"]), ("n<1", ["a"]),
        ("app in (x),n notin (1)", ["a", "c"]), ("missing notin (a)", ["a", "b", "c"]),
    ])
    func `label selectors choose as they say`(_ selector: String, _ names: [String]) async throws {
        let cluster = try await filled(["a", "b", "c"])
        let encoded = String(selector.flatMap { $0 == " " ? "%20" : $0 == "," ? "%2C" : String($0) })
        #expect(try await cluster.call(.get, "\(mapsPath)?labelSelector=\(encoded)").names == names)
    }

    @Test func `selectors that are none are refused`() async throws {
        let cluster = try Cluster()
        #expect(try await cluster.call(.get, "\(mapsPath)?labelSelector=a%20in%20(b").status == 400)
        let field = try await cluster.call(.get, "\(mapsPath)?fieldSelector=data.a=b")
        #expect(field.status == 400)
        #expect(field.message.hasSuffix("field label not supported: data.a"))
    }

    @Test func `field selectors of pods and events`() async throws {
        let cluster = try Cluster()
        _ = try await cluster.call(.post, podsPath, Sample.pod("a"))
        _ = try await cluster.call(.post, podsPath, Sample.pod("b"))
        try cluster.sandbox.bindPod(namespace: "default", name: "b", node: "sandbox")
        #expect(try await cluster.call(.get, "\(podsPath)?fieldSelector=spec.nodeName=sandbox").names == ["b"])
        #expect(try await cluster.call(.get, "\(podsPath)?fieldSelector=spec.nodeName%3D").names == ["a"])
        #expect(try await cluster.call(.get, "\(podsPath)?fieldSelector=metadata.name!=a").names == ["b"])
        #expect(try await cluster.call(.get, "/api/v1/pods?fieldSelector=status.phase=Pending").names == ["a", "b"])
        let pod = try #require(cluster.sandbox.get(.pods, namespace: "default", name: "a"))
        for _ in 0..<2 {
            cluster.sandbox.recordEvent(on: pod, reason: "Pulled", message: "there", component: "kubelet")
        }
        let about = "involvedObject.kind=Pod,involvedObject.uid=\(pod.uid)"
        let events = try await cluster.call(.get, "/api/v1/namespaces/default/events?fieldSelector=\(about)")
        #expect(events.body.list("items").map { $0.int("count") } == [2])
        let new = try await cluster.call(.get, "/apis/events.k8s.io/v1/namespaces/default/events")
        let event = try #require(new.body.list("items").first)
        #expect(event.string("note") == "there")
        #expect(event.string("regarding", "name") == "a")
        #expect(new.body.string("apiVersion") == "events.k8s.io/v1")
        #expect(event["apiVersion"] == nil && event["kind"] == nil, "an element's kind is the list's")
    }

    @Test func `a list of a version to come is too early`() async throws {
        let cluster = try Cluster()
        let answer = try await cluster.call(.get, "\(mapsPath)?resourceVersion=999999")
        #expect(answer.status == 504)
        #expect(answer.headers["Retry-After"] == "1")
        #expect(try await cluster.call(.get, "\(mapsPath)?resourceVersion=0").status == 200)
        #expect(try await cluster.call(.get, "\(mapsPath)?resourceVersion=x").status == 400)
    }
}
