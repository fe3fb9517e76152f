import HTTP
import JSON
import Testing

@testable import KubeClient

@Suite struct RequestTests {
    @Test func `paths follow group, scope and subresource`() throws {
        #expect(try ResourceRequest.get(.nodes, "a", namespace: nil).path == "/api/v1/nodes/a")
        #expect(try ResourceRequest.get(.nodes, "a", namespace: "ignored").path == "/api/v1/nodes/a")
        #expect(
            try ResourceRequest.patch(
                .jobs, "j", namespace: "n", .merge([:]), options: .init(subresource: "status", dryRun: true)
            ).http(server: "https://h/k8s/").url
                == "https://h/k8s/apis/batch/v1/namespaces/n/jobs/j/status?dryRun=All")
        #expect(
            try ResourceRequest.log(
                pod: "p", namespace: "n", options: .init(container: "c", tailLines: 5, previous: true)
            ).query == "container=c&tailLines=5&limitBytes=1048576&previous=true")
        #expect(try ResourceRequest.list(.leases, namespace: nil).path == "/apis/coordination.k8s.io/v1/leases")
    }

    @Test func `a watch asks for its end and for bookmarks`() throws {
        let request = try ResourceRequest.watch(
            .pods, namespace: "n",
            options: .init(fields: .equals("spec.nodeName", "a,b=c"), resourceVersion: "5", timeout: .seconds(30)))
        #expect(
            request.query
                == "fieldSelector=spec.nodeName%3Da%5C%2Cb%5C%3Dc&resourceVersion=5&watch=true&timeoutSeconds=30&allowWatchBookmarks=true"
        )
        #expect(!request.isWrite)
    }

    @Test(arguments: ["", ".", "..", "a/b", "a%2fb"])
    func `a name that could lead elsewhere is refused before anything is sent`(name: String) {
        #expect(throws: KubernetesError.self) { try ResourceRequest.get(.pods, name, namespace: "n") }
        #expect(throws: KubernetesError.self) { try ResourceRequest.get(.pods, "p", namespace: name) }
        #expect(throws: KubernetesError.self) { try ResourceRequest.delete(.nodes, name, namespace: nil) }
    }

    @Test func `one object of a namespaced kind needs a namespace`() {
        #expect(throws: KubernetesError.self) { try ResourceRequest.get(.pods, "p", namespace: nil) }
        #expect(throws: KubernetesError.self) { try ResourceRequest.create(.jobs, [:], namespace: nil) }
        #expect(throws: KubernetesError.self) { try ResourceRequest.create(.pods, [:], namespace: "") }
    }

    @Test func `the three patches have their media types`() throws {
        func type(_ patch: Patch) throws -> String? {
            try ResourceRequest.patch(.pods, "p", namespace: "n", patch).contentType
        }
        #expect(try type(.merge([:])) == "application/merge-patch+json")
        #expect(try type(.json([])) == "application/json-patch+json")
        #expect(try type(.strategic([:])) == "application/strategic-merge-patch+json")
    }

    @Test(arguments: [
        "a b", "-a", "a-", "ä", String(repeating: "x", count: 64), "a,b", "a=b", "a\n",
    ])
    func `a selector with a malformed value cannot be made`(value: String) {
        #expect(throws: LabelSelector.Malformed.self) { try LabelSelector(["app": value]) }
        #expect(throws: LabelSelector.Malformed.self) { try LabelSelector([.isOne("app", of: ["fine", value])]) }
    }

    @Test(arguments: ["", "/a", "a/", "a/b/c", "a b", "-a", String(repeating: "x", count: 64)])
    func `a selector with a malformed key cannot be made`(key: String) {
        #expect(throws: LabelSelector.Malformed.self) { try LabelSelector([.exists(key)]) }
    }

    @Test func `a selector compared with no values cannot be made`() {
        #expect(throws: LabelSelector.Malformed.self) { try LabelSelector([.isNone("app", of: [])]) }
    }

    @Test func `selectors have the query's form`() throws {
        #expect(try LabelSelector(["b": "", "a.io/k": "v"]).description == "a.io/k=v,b=")
        #expect(
            try LabelSelector([.differs("a", "b"), .isNone("c", of: ["d"]), .exists("e")]).description
                == "a!=b,c notin (d),e")
        #expect(
            FieldSelector.equals("a", "b").andNot("status.phase", "Failed").description == "a=b,status.phase!=Failed")
    }
}
