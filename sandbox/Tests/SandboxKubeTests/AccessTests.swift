import HTTP
import JSON
import Testing

@testable import SandboxKube

@Suite struct AccessTests {
    private func cluster() throws -> Cluster {
        try Cluster {
            $0.tokens["viewer"] = KubeIdentity(
                user: "x", groups: ["people"],
                rules: [
                    KubeRule(verbs: ["get", "list"], groups: ["batch"], resources: ["jobs"], namespace: "default"),
                    KubeRule(verbs: ["get"], groups: [""], resources: ["configmaps"], names: ["mine"]),
                ])
        }
    }

    @Test func `a token that nobody has is unauthorized`() async throws {
        let cluster = try cluster()
        let answer = try await cluster.call(.get, jobsPath, token: "stolen")
        #expect(
            answer.body == [
                "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": "Unauthorized",
                "reason": "Unauthorized", "code": 401,
            ])
        #expect(try await cluster.call(.get, "/readyz", token: "stolen").status == 200)
    }

    @Test func `what is not allowed is forbidden in the server's words`() async throws {
        let cluster = try cluster()
        #expect(try await cluster.call(.get, jobsPath, token: "viewer").status == 200)
        let create = try await cluster.call(.post, jobsPath, Sample.job("j"), token: "viewer")
        #expect(create.status == 403)
        #expect(
            create.message
                == "jobs.batch is forbidden: User \"x\" cannot create resource \"jobs\" in API group \"batch\" in the namespace \"default\""
        )
        #expect(create.body.string("details", "group") == "batch")
        let everywhere = try await cluster.call(.get, "/apis/batch/v1/jobs", token: "viewer")
        #expect(everywhere.message.hasSuffix("in API group \"batch\" at the cluster scope"))
        let log = try await cluster.call(.get, "\(podsPath)/p/log", token: "viewer")
        #expect(
            log.message
                == "pods \"p\" is forbidden: User \"x\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"default\""
        )
        #expect(try await cluster.call(.get, "\(mapsPath)/mine", token: "viewer").status == 404)
        #expect(try await cluster.call(.get, "\(mapsPath)/other", token: "viewer").status == 403)
    }

    @Test(arguments: [
        ("get", "jobs", "default", true), ("get", "jobs", "", false), ("create", "jobs", "default", false),
    ])
    func `reviews say what is allowed`(_ verb: String, _ resource: String, _ namespace: String, _ isAllowed: Bool)
        async throws
    {
        let cluster = try cluster()
        let answer = try await cluster.call(
            .post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            [
                "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                "spec": [
                    "resourceAttributes": [
                        "verb": .string(verb), "group": "batch", "resource": .string(resource),
                        "namespace": .string(namespace),
                    ]
                ],
            ], token: "viewer")
        #expect(answer.status == 201)
        #expect(answer.body.bool("status", "allowed") == isAllowed)
    }

    @Test func `admission can refuse and warn`() async throws {
        let cluster = try Cluster {
            $0.admission = { admission in
                switch admission.object.name {
                case "denied":
                    .refused(
                        KubeRefusal(
                            code: 403, reason: "Forbidden",
                            message: "admission webhook \"x\" denied the request: no"))
                case "warned": .allowed(warnings: ["would violate \"restricted\""])
                default: .allowed()
                }
            }
        }
        #expect(try await cluster.call(.post, jobsPath, Sample.job("denied")).status == 403)
        let warned = try await cluster.call(.post, jobsPath, Sample.job("warned"))
        #expect(warned.status == 201)
        #expect(warned.warnings == ["299 - \"would violate \\\"restricted\\\"\""])
    }
}
