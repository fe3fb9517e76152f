import JSON
import KubeClient

extension ConformanceCase {
    static let refusals: [ConformanceCase] = [
        ConformanceCase("refusal.404-shape") { target in
            let error = try await refusal("an absent pod") {
                _ = try await target.client.get(Pod.self, "absent", namespace: target.namespace)
            }
            try check(error, 404, "NotFound")
            try check("message", error.status?.message, is: "pods \"absent\" not found")
        },
        ConformanceCase("refusal.404-names-the-group") { target in
            let error = try await refusal("an absent Job") {
                _ = try await target.client.get(Job.self, "absent", namespace: target.namespace)
            }
            try check("message", error.status?.message, is: "jobs.batch \"absent\" not found")
        },
        ConformanceCase("refusal.unknown-resource-404") { target in
            let nothing = Resource(group: "batch", kind: "Nothing", plural: "nothings")
            let error = try await refusal("an unknown resource") {
                _ = try await target.client.list(nothing, namespace: target.namespace)
            }
            try check(error.status?.code == 404, "got \(error)")
        },
        ConformanceCase("refusal.409-message") { target in
            let made = try await target.client.create(target.configMap(target.unique("conflict"))).object
            _ = try await target.client.patch(
                ConfigMap.self, made.name, namespace: target.namespace, .merge(["data": ["a": "1"]]))
            let error = try await refusal("a stale version") { _ = try await target.client.replace(made) }
            try check(
                error.status?.message.contains("the object has been modified; please apply your changes") == true,
                "message is \(error)")
        },
        ConformanceCase("refusal.unknown-token-401") { target in
            let error = try await refusal("an unknown token") {
                _ = try await target.client(token: "nobody").list(Pod.self, namespace: target.namespace)
            }
            try check(error, 401, "Unauthorized")
        },
        ConformanceCase("refusal.missing-right-403") { target in
            let client = target.client(token: try target.viewerToken())
            let error = try await refusal("a list by a user without rights") {
                _ = try await client.list(Job.self, namespace: target.namespace)
            }
            try check(error, 403, "Forbidden")
            try check(
                error.hint?.hasPrefix(
                    "allow verb `list` on `jobs.batch` in namespace `\(target.namespace)` to `") == true,
                "the hint is \(error.hint ?? "none")")
        },
    ]
}
