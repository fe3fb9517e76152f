import JSON
import KubeClient
import OS

extension ConformanceCase {
    static let deletion: [ConformanceCase] = [
        ConformanceCase("delete.absent-404") { target in
            let error = try await refusal("an absent object") { try await delete(target, "absent") }
            try check(error, 404, "NotFound")
        },
        ConformanceCase("delete.answers-status") { target in
            let name = target.unique("status")
            _ = try await target.client.create(target.configMap(name))
            guard case .removed = try await target.client.delete(ConfigMap.self, name, namespace: target.namespace)
            else {
                throw Difference(description: "the answer is no Status")
            }
        },
        ConformanceCase("delete.uid-precondition-409") { target in
            let name = target.unique("uid")
            let made = try await target.client.create(target.configMap(name)).object
            let error = try await refusal("another uid") { try await delete(target, name, .init(uid: "another")) }
            try check(error, 409, "Conflict")
            try await delete(target, name, .init(uid: made.uid))
            try await target.gone(ConfigMap.self, name)
        },
        ConformanceCase("delete.version-precondition-409") { target in
            let name = target.unique("version")
            let made = try await target.client.create(target.configMap(name)).object
            let changed = try await target.client.patch(
                ConfigMap.self, name, namespace: target.namespace, .merge(["data": ["a": "1"]]))
            let error = try await refusal("a stale version") {
                try await delete(target, name, .init(uid: made.uid, resourceVersion: made.resourceVersion))
            }
            try check(error, 409, "Conflict")
            try await delete(target, name, .init(uid: made.uid, resourceVersion: changed.resourceVersion))
            try await target.gone(ConfigMap.self, name)
        },
        ConformanceCase("delete.dry-run") { target in
            let name = target.unique("dry")
            _ = try await target.client.create(target.configMap(name))
            try await delete(target, name, .init(dryRun: true))
            _ = try await target.client.get(ConfigMap.self, name, namespace: target.namespace)
        },
        ConformanceCase("delete.finalizer-holds") { target in
            let name = target.unique("held")
            var object = target.configMap(name)
            object.finalizers = ["glue.test/hold"]
            let made = try await target.client.create(object).object
            try await delete(target, name)
            let held = try await target.client.get(ConfigMap.self, name, namespace: target.namespace)
            try check("uid", held.uid, is: made.uid)
            try check(held.isDeleting, "there is no deletionTimestamp")
            try check(held.resourceVersion != made.resourceVersion, "the version has not changed")
            try await delete(target, name)
            let again = try await target.client.get(ConfigMap.self, name, namespace: target.namespace)
            try check("deletionTimestamp", again.deletionTimestamp, is: held.deletionTimestamp)
            _ = try await target.client.patch(
                ConfigMap.self, name, namespace: target.namespace,
                .merge(["metadata": ["finalizers": nil, "resourceVersion": .string(again.resourceVersion ?? "")]]))
            try await target.gone(ConfigMap.self, name)
        },
        ConformanceCase("delete.no-new-finalizer-while-deleting") { target in
            let name = target.unique("held")
            var object = target.configMap(name)
            object.finalizers = ["glue.test/hold"]
            _ = try await target.client.create(object)
            try await delete(target, name)
            let error = try await refusal("a new finalizer") {
                _ = try await target.client.patch(
                    ConfigMap.self, name, namespace: target.namespace,
                    .merge(["metadata": ["finalizers": ["glue.test/hold", "glue.test/more"]]]))
            }
            try check(error, 422, "Invalid")
            _ = try await target.client.patch(
                ConfigMap.self, name, namespace: target.namespace, .merge(["metadata": ["finalizers": nil]]))
            try await target.gone(ConfigMap.self, name)
        },
        ConformanceCase("delete.deletionTimestamp-cannot-be-set") { target in
            let name = target.unique("mark")
            _ = try await target.client.create(target.configMap(name))
            let error = try await refusal("a deletionTimestamp by hand") {
                _ = try await target.client.patch(
                    ConfigMap.self, name, namespace: target.namespace,
                    .merge(["metadata": ["deletionTimestamp": "2026-01-01T00:00:00Z"]]))
            }
            try check(error, 422, "Invalid")
            try check("field", error.status?.causes.first?.field, is: "metadata.deletionTimestamp")
        },
        ConformanceCase("delete.pending-pod-goes-at-once") { target in
            let name = target.unique("pending")
            _ = try await target.client.create(target.idlePod(name))
            try await target.client.delete(Pod.self, name, namespace: target.namespace)
            let error = try await refusal("reading it") {
                _ = try await target.client.get(Pod.self, name, namespace: target.namespace)
            }
            try check(error, 404, "NotFound")
        },
        ConformanceCase("delete.bound-pod-gets-its-grace") { target in
            let name = target.unique("bound")
            let made = try await target.client.create(target.idlePod(name, node: "glue-absent-node")).object
            guard case .accepted(let pod) = try await target.client.delete(Pod.self, name, namespace: target.namespace)
            else { throw Difference(description: "the answer is no pod") }
            try check("uid", pod.uid, is: made.uid)
            try check("grace", pod.metadata["deletionGracePeriodSeconds"], is: 30)
            guard let end = pod.deletionTimestamp, let start = pod.creationTimestamp else {
                throw Difference(description: "there is no deletionTimestamp")
            }
            let wait = end.since(start)
            try check(wait >= .seconds(29) && wait <= .seconds(40), "it ends \(wait) after its creation")
            try await target.client.delete(Pod.self, name, namespace: target.namespace, .init(gracePeriodSeconds: 0))
            try await target.gone(Pod.self, name)
        },
        ConformanceCase("delete.grace-can-be-shortened") { target in
            let name = target.unique("bound")
            _ = try await target.client.create(target.idlePod(name, node: "glue-absent-node"))
            try await target.client.delete(Pod.self, name, namespace: target.namespace, .init(gracePeriodSeconds: 20))
            let first = try await target.client.get(Pod.self, name, namespace: target.namespace)
            try check("first grace", first.metadata["deletionGracePeriodSeconds"], is: 20)
            try await target.client.delete(Pod.self, name, namespace: target.namespace, .init(gracePeriodSeconds: 5))
            let second = try await target.client.get(Pod.self, name, namespace: target.namespace)
            try check("second grace", second.metadata["deletionGracePeriodSeconds"], is: 5)
            try await target.client.delete(Pod.self, name, namespace: target.namespace, .init(gracePeriodSeconds: 50))
            let third = try await target.client.get(Pod.self, name, namespace: target.namespace)
            try check("grace after a longer one", third.metadata["deletionGracePeriodSeconds"], is: 5)
            try await target.client.delete(Pod.self, name, namespace: target.namespace, .init(gracePeriodSeconds: 0))
        },
        ConformanceCase("delete.pod-with-finalizer-stays") { target in
            let name = target.unique("held")
            var pod = target.idlePod(name)
            pod.finalizers = ["glue.test/hold"]
            _ = try await target.client.create(pod)
            try await target.client.delete(Pod.self, name, namespace: target.namespace, .init(gracePeriodSeconds: 0))
            let held = try await target.client.get(Pod.self, name, namespace: target.namespace)
            try check(held.isDeleting, "there is no deletionTimestamp")
            _ = try await target.client.patch(
                Pod.self, name, namespace: target.namespace, .merge(["metadata": ["finalizers": nil]]))
            try await target.gone(Pod.self, name)
        },
        ConformanceCase("delete.same-name-again-is-another-object") { target in
            let name = target.unique("again")
            let first = try await target.client.create(target.configMap(name)).object
            try await delete(target, name)
            let second = try await target.client.create(target.configMap(name)).object
            try check(first.uid != second.uid, "both have the uid \(first.uid)")
        },
    ]

    private static func delete(_ target: Target, _ name: String, _ options: DeleteOptions = .init()) async throws {
        try await target.client.delete(ConfigMap.self, name, namespace: target.namespace, options)
    }
}
