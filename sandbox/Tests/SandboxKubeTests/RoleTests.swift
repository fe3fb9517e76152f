import HTTP
import JSON
import Testing

@testable import SandboxKube

@Suite struct RoleTests {
    private let rbac = "/apis/rbac.authorization.k8s.io/v1"

    private func token(_ cluster: Cluster, _ account: String, seconds: Int64 = 3600) async throws -> String {
        let answer = try await cluster.call(
            .post, "/api/v1/namespaces/default/serviceaccounts/\(account)/token",
            [
                "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                "spec": ["expirationSeconds": .integer(seconds)],
            ])
        #expect(answer.status == 201)
        return try #require(answer.body.string("status", "token"))
    }

    private func cluster() async throws -> Cluster {
        let cluster = try Cluster()
        let account: JSONValue = ["apiVersion": "v1", "kind": "ServiceAccount", "metadata": ["name": "glue"]]
        _ = try await cluster.call(.post, "/api/v1/namespaces/default/serviceaccounts", account)
        let rules: JSONValue = [["apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["get", "list"]]]
        let subjects: JSONValue = [["kind": "ServiceAccount", "name": "glue", "namespace": "default"]]
        for (kind, path, rules) in [
            ("Role", "\(rbac)/namespaces/default/roles", rules),
            (
                "ClusterRole", "\(rbac)/clusterroles",
                [["apiGroups": [""], "resources": ["namespaces"], "resourceNames": ["kube-system"], "verbs": ["get"]]]
            ),
        ] {
            let role: JSONValue = [
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": .string(kind), "metadata": ["name": "glue"],
                "rules": rules,
            ]
            #expect(try await cluster.call(.post, path, role).status == 201)
            let binding: JSONValue = [
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": .string(kind + "Binding"),
                "metadata": ["name": "glue"], "subjects": subjects,
                "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": .string(kind), "name": "glue"],
            ]
            let bindings = path.replacing("roles", with: "rolebindings")
            #expect(try await cluster.call(.post, bindings, binding).status == 201)
        }
        return cluster
    }

    @Test func `a service account may do what its roles say, where they say it`() async throws {
        let cluster = try await cluster()
        let token = try await token(cluster, "glue")
        #expect(try await cluster.call(.get, jobsPath, token: token).status == 200)
        let create = try await cluster.call(.post, jobsPath, Sample.job("j"), token: token)
        #expect(
            create.message
                == "jobs.batch is forbidden: User \"system:serviceaccount:default:glue\" cannot create resource \"jobs\" in API group \"batch\" in the namespace \"default\""
        )
        #expect(try await cluster.call(.get, "/apis/batch/v1/namespaces/kube-system/jobs", token: token).status == 403)
        #expect(try await cluster.call(.get, "/apis/batch/v1/jobs", token: token).status == 403)
        #expect(try await cluster.call(.get, "/api/v1/namespaces/kube-system", token: token).status == 200)
        #expect(try await cluster.call(.get, "/api/v1/namespaces/default", token: token).status == 403)
        #expect(try await cluster.call(.delete, "\(rbac)/namespaces/default/rolebindings/glue").status == 200)
        #expect(try await cluster.call(.get, jobsPath, token: token).status == 403)
    }

    @Test func `a token ends with its time and with its account`() async throws {
        let cluster = try await cluster()
        let short = try await token(cluster, "glue", seconds: 600)
        let long = try await token(cluster, "glue")
        cluster.clock.advance(.seconds(600))
        #expect(try await cluster.call(.get, jobsPath, token: short).status == 401)
        #expect(try await cluster.call(.get, jobsPath, token: long).status == 200)
        _ = try await cluster.call(.delete, "/api/v1/namespaces/default/serviceaccounts/glue")
        #expect(try await cluster.call(.get, jobsPath, token: long).status == 401)
    }

    @Test func `a review tells of roles`() async throws {
        let cluster = try await cluster()
        let token = try await token(cluster, "glue")
        for (verb, isAllowed) in [("list", true), ("delete", false)] {
            let answer = try await cluster.call(
                .post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                [
                    "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                    "spec": [
                        "resourceAttributes": [
                            "verb": .string(verb), "group": "batch", "resource": "jobs", "namespace": "default",
                        ]
                    ],
                ], token: token)
            #expect(answer.body.bool("status", "allowed") == isAllowed)
        }
    }
}
