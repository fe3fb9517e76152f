import HTTP
import JSON
import Testing

@testable import SandboxKube

@Suite struct DeletionTests {
    private let merge = "application/merge-patch+json"

    @Test func `preconditions are checked`() async throws {
        let cluster = try Cluster()
        let map = try await cluster.call(.post, mapsPath, Sample.configMap("m")).body
        let other = try await cluster.call(.delete, "\(mapsPath)/m", ["preconditions": ["uid": "other"]])
        #expect(other.status == 409)
        #expect(
            other.message
                == "Operation cannot be fulfilled on configmaps \"m\": the UID in the precondition (other) does not match the UID in record (\(map.uid)). The object might have been deleted and then recreated"
        )
        let old = try await cluster.call(.delete, "\(mapsPath)/m", ["preconditions": ["resourceVersion": "1"]])
        #expect(old.status == 409)
        let good = try await cluster.call(
            .delete, "\(mapsPath)/m",
            ["preconditions": ["uid": .string(map.uid), "resourceVersion": .string(map.resourceVersion)]])
        #expect(good.status == 200)
        #expect(good.body.string("status") == "Success")
        #expect(good.body.string("details", "uid") == map.uid)
        #expect(try await cluster.call(.delete, "\(mapsPath)/m").status == 404)
    }

    @Test func `finalizers hold an object until they are taken off`() async throws {
        let cluster = try Cluster()
        _ = try await cluster.call(
            .post, jobsPath,
            Sample.job("j") {
                $0.set(["glue.clearml/outcome"], "metadata", "finalizers")
                $0.set(0, "spec", "parallelism")
            })
        let deleted = try await cluster.call(.delete, "\(jobsPath)/j?propagationPolicy=Background")
        #expect(deleted.status == 200)
        #expect(deleted.body.string("metadata", "deletionTimestamp") != nil)
        let more = try await cluster.call(
            .patch, "\(jobsPath)/j", ["metadata": ["finalizers": ["glue.clearml/outcome", "a/b"]]], type: merge)
        #expect(more.status == 422)
        #expect(more.message.contains("no new finalizers can be added if the object is being deleted"))
        let again = try await cluster.call(.post, jobsPath, Sample.job("j"))
        #expect(again.reason == "AlreadyExists")
        let released = try await cluster.call(
            .patch, "\(jobsPath)/j", ["metadata": ["finalizers": nil]], type: merge)
        #expect(released.status == 200)
        #expect(try await cluster.call(.get, "\(jobsPath)/j").status == 404)
    }

    @Test func `a running pod gets its grace and others go at once`() async throws {
        let cluster = try Cluster()
        for name in ["unbound", "running", "forced", "ended"] {
            _ = try await cluster.call(.post, podsPath, Sample.pod(name))
            if name != "unbound" { try cluster.sandbox.bindPod(namespace: "default", name: name, node: "sandbox") }
        }
        try cluster.setPhase(Sample.pod("ended"), "Failed")
        for path in ["unbound", "ended", "forced?gracePeriodSeconds=0"] {
            #expect(try await cluster.call(.delete, "\(podsPath)/\(path)").status == 200)
        }
        let running = try await cluster.call(.delete, "\(podsPath)/running").body
        #expect(running.string("metadata", "deletionTimestamp") == "2026-11-18T11:07:10Z")
        #expect(running.int("metadata", "deletionGracePeriodSeconds") == 30)
        #expect(running.int("metadata", "generation") == 2, "a binding is no change of what was asked for")
        #expect(cluster.pods.map(\.name) == ["running"])
        let shorter = try await cluster.call(.delete, "\(podsPath)/running?gracePeriodSeconds=5").body
        #expect(shorter.int("metadata", "deletionGracePeriodSeconds") == 5)
        let longer = try await cluster.call(.delete, "\(podsPath)/running?gracePeriodSeconds=60").body
        #expect(longer.int("metadata", "deletionGracePeriodSeconds") == 5)
        try cluster.sandbox.deleteFinally(pod: "running", namespace: "default", uid: running.uid)
        #expect(cluster.pods.isEmpty)
    }

    @Test(arguments: [("Background", 0), ("Foreground", 0), ("Orphan", 1), ("", 1)])
    func `propagation decides about pods`(_ policy: String, _ left: Int) async throws {
        let cluster = try Cluster()
        try cluster.start("j")
        let answer = try await cluster.call(.delete, "\(jobsPath)/j?propagationPolicy=\(policy)")
        #expect(answer.warnings.isEmpty == !policy.isEmpty)
        cluster.sandbox.settle()
        #expect(try await cluster.call(.get, "\(jobsPath)/j").status == 404)
        #expect(cluster.pods.count == left)
        if let pod = cluster.pods.first {
            #expect(pod.ownerReferences.isEmpty)
            #expect(pod.finalizers.isEmpty)
        }
    }

    @Test func `a foreground delete waits for running pods`() async throws {
        let cluster = try Cluster()
        try cluster.start("j")
        let pod = try #require(cluster.pods.first)
        try cluster.run(pod)
        let answer = try await cluster.call(.delete, "\(jobsPath)/j?propagationPolicy=Foreground")
        #expect(answer.body.finalizers == ["foregroundDeletion"])
        cluster.sandbox.settle()
        #expect(try cluster.job("j").isDeleting)
        #expect(cluster.pods.first?.isDeleting == true)
        try cluster.sandbox.deleteFinally(pod: pod.name, namespace: "default", uid: pod.uid)
        cluster.sandbox.settle()
        #expect(cluster.sandbox.get(.jobs, namespace: "default", name: "j") == nil)
    }

    @Test func `a terminating namespace takes nothing new and ends empty`() async throws {
        let cluster = try Cluster()
        _ = try await cluster.call(
            .post, "/api/v1/namespaces", ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "n"]])
        let maps = "/api/v1/namespaces/n/configmaps"
        var held = Sample.configMap("held")
        held.setFinalizers(["a/b"])
        _ = try await cluster.call(.post, maps, held)
        let deleted = try await cluster.call(.delete, "/api/v1/namespaces/n")
        #expect(deleted.body.phase == "Terminating")
        let refused = try await cluster.call(.post, maps, Sample.configMap("late"))
        #expect(refused.status == 403)
        #expect(
            refused.message
                == "configmaps \"late\" is forbidden: unable to create new content in namespace n because it is being terminated"
        )
        #expect(refused.body.list("details", "causes").first?.string("reason") == "NamespaceTerminating")
        _ = try await cluster.call(.patch, "\(maps)/held", ["metadata": ["finalizers": nil]], type: merge)
        #expect(try await cluster.call(.get, "/api/v1/namespaces/n").status == 404)
    }

    @Test func `an eviction marks the pod`() async throws {
        let cluster = try Cluster()
        try cluster.start("j")
        let pod = try #require(cluster.pods.first)
        try cluster.run(pod)
        let answer = try await cluster.call(
            .post, "\(podsPath)/\(pod.name)/eviction",
            [
                "apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": .string(pod.name)],
                "deleteOptions": ["gracePeriodSeconds": 7],
            ])
        #expect(answer.status == 201)
        #expect(answer.body.string("status") == "Success")
        let evicted = try #require(cluster.pods.first)
        #expect(evicted.int("metadata", "deletionGracePeriodSeconds") == 7)
        #expect(evicted.condition("DisruptionTarget")?.string("reason") == "EvictionByEvictionAPI")
        #expect(evicted.condition("DisruptionTarget")?.string("message") == "Eviction API: evicting")
    }

    @Test func `a collection is deleted by selector`() async throws {
        let cluster = try Cluster()
        for name in ["a", "b", "c"] {
            _ = try await cluster.call(
                .post, mapsPath, Sample.configMap(name, labels: ["keep": name == "b" ? "yes" : "no"]))
        }
        let answer = try await cluster.call(.delete, "\(mapsPath)?labelSelector=keep=no")
        #expect(answer.names == ["a", "c"])
        #expect(try await cluster.call(.get, mapsPath).names == ["b"])
    }

    @Test func `a dry run deletes nothing`() async throws {
        let cluster = try Cluster()
        _ = try await cluster.call(.post, mapsPath, Sample.configMap("m"))
        #expect(try await cluster.call(.delete, "\(mapsPath)/m?dryRun=All").status == 200)
        #expect(try await cluster.call(.get, "\(mapsPath)/m").status == 200)
    }

    @Test func `a disruption budget stands against an eviction, not against a delete`() async throws {
        let cluster = try Cluster()
        _ = try await cluster.call(.post, podsPath, Sample.pod("p") { $0.set(["a": "b"], "metadata", "labels") })
        try cluster.run(try #require(cluster.pods.first))
        let budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
        let budget: JSONValue = [
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": ["name": "b"],
            "spec": ["selector": ["matchLabels": ["a": "b"]]],
        ]
        _ = try await cluster.call(.post, budgets, budget)
        _ = try await cluster.call(
            .patch, "\(budgets)/b/status", ["status": ["disruptionsAllowed": 0]], type: merge)
        let eviction: JSONValue = ["apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": "p"]]
        let refused = try await cluster.call(.post, "\(podsPath)/p/eviction", eviction)
        #expect(refused.status == 429)
        #expect(refused.headers["Retry-After"] == "10")
        #expect(refused.message == "Cannot evict pod as it would violate the pod's disruption budget.")
        #expect(cluster.pods.first?.condition("DisruptionTarget") == nil)
        #expect(try await cluster.call(.delete, "\(podsPath)/p").body.isDeleting)
    }

    @Test func `the cluster's own namespaces stay`() async throws {
        let cluster = try Cluster()
        let answer = try await cluster.call(.delete, "/api/v1/namespaces/kube-system")
        #expect(answer.status == 403)
        #expect(answer.message == "namespaces \"kube-system\" is forbidden: this namespace may not be deleted")
    }

    @Test func `an object goes with the last of its owners`() throws {
        let cluster = try Cluster()
        func owner(_ name: String) throws -> JSONValue {
            let map = try cluster.sandbox.create(.configMaps, namespace: "default", Sample.configMap(name))
            return [
                "apiVersion": "v1", "kind": "ConfigMap", "name": .string(name), "uid": .string(map.uid),
            ]
        }
        var child = Sample.configMap("child")
        child.set(.array([try owner("first"), try owner("second")]), "metadata", "ownerReferences")
        try cluster.sandbox.create(.configMaps, namespace: "default", child)
        try cluster.sandbox.delete(.configMaps, namespace: "default", name: "first")
        let left = cluster.sandbox.get(.configMaps, namespace: "default", name: "child")
        #expect(left?.ownerReferences.map { $0.string("name") } == ["second"])
        try cluster.sandbox.delete(.configMaps, namespace: "default", name: "second")
        #expect(cluster.sandbox.get(.configMaps, namespace: "default", name: "child") == nil)
    }
}
