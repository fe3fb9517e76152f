import JSON
import Testing

@testable import SandboxKube

@Suite struct NodeTests {
    @Test func `pods of a node that is gone fail after a while and go`() throws {
        let cluster = try Cluster()
        try cluster.start("j")
        let pod = try #require(cluster.pods.first)
        try cluster.run(pod)
        try cluster.sandbox.delete(.nodes, name: "sandbox")
        func wait(_ seconds: Int) {
            cluster.clock.advance(.seconds(seconds))
            cluster.sandbox.settle()
        }
        wait(20)
        wait(30)
        #expect(cluster.pods.map(\.phase) == ["Running"])
        var phases: [String] = []
        var watch = Scope(kind: .pods, namespace: "default")
        watch.labels = LabelSelector()
        let before = try cluster.sandbox.withState { state throws(KubeRefusal) in state.store.version }
        wait(15)
        let changes = try cluster.sandbox.withState { state throws(KubeRefusal) in
            (state.store.changes(after: before) ?? []).compactMap(watch.view)
        }
        for change in changes {
            phases.append("\(change.kind.rawValue) \(change.object.phase)")
            #expect(change.object.condition("DisruptionTarget")?.string("reason") == "DeletionByPodGC")
        }
        #expect(phases.first == "MODIFIED Failed")
        #expect(phases.last == "DELETED Failed")
        #expect(cluster.pods.isEmpty)
        #expect(try cluster.job("j").isTrue("Failed"))
    }

    @Test(arguments: [("none", 0), ("seconds", 60), ("for ever", -1)])
    func `a taint drives away what does not tolerate it`(_ toleration: String, _ patience: Int) throws {
        let cluster = try Cluster()
        let pod = try cluster.sandbox.create(
            .pods, namespace: "default",
            Sample.pod("p") {
                var given: JSONValue = ["key": "broken", "operator": "Exists", "effect": "NoExecute"]
                if patience > 0 { given["tolerationSeconds"] = .integer(Int64(patience)) }
                if toleration != "none" { $0.set([given], "spec", "tolerations") }
            })
        try cluster.run(pod)
        try cluster.sandbox.update(.nodes, name: "sandbox") { node throws(KubeRefusal) in
            node.set([["key": "broken", "effect": "NoExecute"]], "spec", "taints")
        }
        cluster.sandbox.settle()
        #expect(cluster.pods.first?.isDeleting == (patience == 0))
        cluster.clock.advance(.seconds(61))
        cluster.sandbox.settle()
        #expect(cluster.pods.first?.isDeleting == (patience >= 0))
        let reason = cluster.pods.first?.condition("DisruptionTarget")?.string("reason")
        #expect(reason == (patience >= 0 ? "DeletionByTaintManager" : nil))
    }
}
