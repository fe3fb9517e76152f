import JSON
import KubeClient

extension ConformanceCase {
    /// Create, get, list, replace, delete of every kind in use.
    static let lifecycles: [ConformanceCase] = [
        lifecycle { target, name in target.idlePod(name) },
        lifecycle { target, name in target.job(name, parallelism: 0) },
        lifecycle { target, name in
            var secret = KubernetesSecret(name: name, namespace: target.namespace)
            secret.raw["data"] = ["key": "dmFsdWU="]
            return secret
        },
        lifecycle { target, name in target.configMap(name, data: ["a": "b"]) },
        lifecycle { target, name in
            var event = CoreEvent(name: name, namespace: target.namespace)
            event.raw["involvedObject"] = [
                "kind": "Job", "namespace": .string(target.namespace), "name": "x", "uid": "u",
            ]
            event.raw["reason"] = "Tested"
            event.raw["message"] = "one event"
            event.raw["type"] = "Normal"
            event.raw["firstTimestamp"] = "2026-01-01T00:00:00Z"
            event.raw["lastTimestamp"] = "2026-01-01T00:00:01Z"
            event.raw["count"] = 2
            return event
        },
        lifecycle { target, name in
            var lease = Lease(name: name, namespace: target.namespace)
            lease.spec = [
                "holderIdentity": "me", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.000000Z",
            ]
            return lease
        },
        ConformanceCase("lifecycle.namespaces") { target in
            let name = target.unique("conformance")
            let made = try await target.client.create(Namespace(name: name)).object
            try check("phase", made.raw.at("status", "phase"), is: "Active")
            try check("finalizers", made.raw.at("spec", "finalizers"), is: ["kubernetes"])
            let listed = try await target.client.list(Namespace.self, .init(fields: .equals("metadata.name", name)))
            try check("listed", listed.items.map(\.uid), is: [made.uid])
            _ = try await target.client.patch(Namespace.self, name, .merge(["metadata": ["labels": ["a": "b"]]]))
            try await target.client.delete(Namespace.self, name)
            _ = try await target.eventually("namespace gone", within: .seconds(60)) { () -> Bool? in
                do {
                    let namespace = try await target.client.get(Namespace.self, name)
                    try check(namespace.isTerminating, "a deleted namespace is not terminating")
                } catch let error as KubernetesError where error.isNotFound {
                    return true
                }
                return nil
            }
        },
        ConformanceCase("namespace.deletion-takes-its-content") { target in
            let name = target.unique("conformance")
            _ = try await target.client.create(Namespace(name: name))
            _ = try await target.client.create(ConfigMap(name: "inside", namespace: name))
            try await target.client.delete(Namespace.self, name)
            _ = try await target.eventually("content gone", within: .seconds(60)) {
                let left = try await target.client.list(ConfigMap.self, namespace: name)
                return left.items.contains { $0.name == "inside" } ? nil : true
            }
        },
        ConformanceCase("namespace.terminating-refuses-new-objects") { target in
            let name = target.unique("conformance")
            _ = try await target.client.create(Namespace(name: name))
            var held = ConfigMap(name: "held", namespace: name)
            held.finalizers = ["glue.test/hold"]
            _ = try await target.client.create(held)
            try await target.client.delete(Namespace.self, name)
            let error = try await refusal("a create in a terminating namespace") {
                _ = try await target.client.create(ConfigMap(name: "late", namespace: name))
            }
            try check(error, 403, "Forbidden")
            _ = try await target.client.patch(
                ConfigMap.self, "held", namespace: name, .merge(["metadata": ["finalizers": nil]]))
        },
    ]

    private static func lifecycle<T: KubernetesObject>(
        _ make: @escaping @Sendable (Target, String) -> T
    ) -> ConformanceCase {
        ConformanceCase("lifecycle.\(T.resource.plural)") { target in
            let client = target.client
            let name = target.unique("life")
            let made = try await client.create(make(target, name)).object
            try check("apiVersion", made.raw["apiVersion"], is: .string(T.resource.apiVersion))
            try check("kind", made.raw["kind"], is: .string(T.resource.kind))
            try check(!made.uid.isEmpty, "there is no uid")
            try check(made.resourceVersion?.isEmpty == false, "there is no resourceVersion")
            try check(
                made.creationTimestamp != nil, "creationTimestamp is \(made.metadata["creationTimestamp"] ?? nil)")

            let read = try await client.get(T.self, name, namespace: target.namespace)
            try check("uid", read.uid, is: made.uid)
            let listed = try await client.list(T.self, namespace: target.namespace)
            try check(listed.items.contains { $0.uid == made.uid }, "it is not in the list")

            var changed = read
            changed.annotations["glue.test/note"] = "changed"
            let replaced = try await client.replace(changed)
            try check("annotations", replaced.annotations["glue.test/note"], is: "changed")
            try check("uid after replace", replaced.uid, is: made.uid)
            try check("creation after replace", replaced.creationTimestamp, is: made.creationTimestamp)
            try check(replaced.resourceVersion != read.resourceVersion, "the version has not changed")

            try await client.delete(
                T.self, name, namespace: target.namespace, .init(propagation: .background, gracePeriodSeconds: 0))
            try await target.gone(T.self, name)
        }
    }
}
