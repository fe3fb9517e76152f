import JSON
import KubeClient
import Logging

/// What glue must be allowed in its namespace. Asked at the start: one sentence then names all that is missing, instead of
/// a refusal in the middle of a claim.
enum Rights {
    private static let needed: [(resource: Resource, verbs: [String])] = [
        (.jobs, ["get", "list", "watch", "create", "patch", "delete"]), (.pods, ["list", "watch", "delete"]),
    ]

    /// Throws what `kube` may not do in `namespace`. A cluster that does not answer the question is taken at its best.
    static func check(_ kube: KubernetesClient, namespace: String, logger: Logger) async throws(StartupFailure) {
        var missing: [String] = []
        for (resource, verbs) in needed {
            var refused: [String] = []
            for verb in verbs {
                do throws(KubernetesError) {
                    if try await !isAllowed(verb, resource, kube, namespace) { refused.append("`\(verb)`") }
                } catch {
                    logger.debug("rights not known", metadata: ["error": "\(error)"])
                }
            }
            if !refused.isEmpty { missing.append("\(refused.joined(separator: ", ")) on `\(resource)`") }
        }
        guard missing.isEmpty else {
            throw StartupFailure(
                "the cluster does not allow \(missing.joined(separator: " and ")) in namespace `\(namespace)`: "
                    + "add it to a Role and bind that to glue's user or service account", .environment)
        }
    }

    private static func isAllowed(
        _ verb: String, _ resource: Resource, _ kube: KubernetesClient, _ namespace: String
    ) async throws(KubernetesError) -> Bool {
        let question = DynamicObject(
            .selfSubjectAccessReviews,
            raw: [
                "spec": [
                    "resourceAttributes": [
                        "namespace": .string(namespace), "verb": .string(verb), "group": .string(resource.group),
                        "resource": .string(resource.plural),
                    ]
                ]
            ])
        return try await kube.create(question).object.raw.at("status", "allowed")?.bool ?? true
    }
}
