import HTTP
import JSON
import Testing

@testable import SandboxKube

@Suite struct CrudTests {
    @Test func `a created object gets what the server gives`() async throws {
        let cluster = try Cluster()
        let made = try await cluster.call(.post, jobsPath, Sample.job("one"))
        #expect(made.status == 201)
        let read = try await cluster.call(.get, "\(jobsPath)/one")
        #expect(read.status == 200)
        #expect(read.body == made.body)
        #expect(made.body.uid.utf8.count == 36)
        #expect(made.body.string("metadata", "creationTimestamp") == "2026-11-18T11:06:40Z")
        #expect(made.body.int("metadata", "generation") == 1)
        #expect(made.body.int("spec", "parallelism") == 1)
        #expect(made.body.int("spec", "completions") == 1)
        #expect(
            made.body.string("spec", "template", "metadata", "labels", "controller-uid") == made.body.uid)
        #expect(made.body.string("spec", "template", "spec", "dnsPolicy") == "ClusterFirst")
        #expect(
            made.body.list("spec", "template", "spec", "containers").first?.string("imagePullPolicy")
                == "IfNotPresent")
    }

    @Test func `parallelism zero leaves completions alone`() async throws {
        let cluster = try Cluster()
        let made = try await cluster.call(.post, jobsPath, Sample.job("held") { $0.set(0, "spec", "parallelism") })
        #expect(made.body.at("spec", "completions") == nil)
        #expect(made.body.int("spec", "parallelism") == 0)
    }

    @Test func `refusals are worded as the server words them`() async throws {
        let cluster = try Cluster()
        _ = try await cluster.call(.post, jobsPath, Sample.job("succeeded"))
        let again = try await cluster.call(.post, jobsPath, Sample.job("succeeded"))
        #expect(
            again.body == [
                "apiVersion": "v1", "code": 409,
                "details": ["group": "batch", "kind": "jobs", "name": "succeeded"], "kind": "Status",
                "message": "jobs.batch \"succeeded\" already exists", "metadata": [:], "reason": "AlreadyExists",
                "status": "Failure",
            ])
        let nowhere = try await cluster.call(.post, "/apis/batch/v1/namespaces/none/jobs", Sample.job("x"))
        #expect(
            nowhere.body == [
                "apiVersion": "v1", "code": 404, "details": ["kind": "namespaces", "name": "none"], "kind": "Status",
                "message": "namespaces \"none\" not found", "metadata": [:], "reason": "NotFound", "status": "Failure",
            ])
        let missing = try await cluster.call(.get, "\(jobsPath)/nope")
        #expect(missing.status == 404)
        #expect(missing.message == "jobs.batch \"nope\" not found")
        let unknown = try await cluster.call(.get, "/apis/batch/v1/namespaces/default/cats")
        #expect(unknown.status == 404)
        #expect(unknown.body == .string("404 page not found\n"))
    }

    @Test func `nobody marks an object as deleting by hand`() async throws {
        let cluster = try Cluster()
        _ = try await cluster.call(.post, jobsPath, Sample.job("kept"))
        let marked = try await cluster.call(
            .patch, "\(jobsPath)/kept", ["metadata": ["deletionTimestamp": "2026-01-01T00:00:00Z"]],
            type: "application/merge-patch+json")
        #expect(marked.status == 422)
        #expect(marked.body.at("details", "causes")?[0]?["field"] == "metadata.deletionTimestamp")
    }

    @Test func `a JSON patch that is no list of objects is no patch at all`() async throws {
        let cluster = try Cluster()
        _ = try await cluster.call(.post, jobsPath, Sample.job("kept"))
        for body: JSONValue in [["text"], [:], "text"] {
            let answer = try await cluster.call(
                .patch, "\(jobsPath)/kept", body, type: "application/json-patch+json")
            #expect(answer.status == 400 && answer.reason == "BadRequest")
        }
    }

    @Test func `bad names are refused with their cause`() async throws {
        let cluster = try Cluster()
        let answer = try await cluster.call(.post, jobsPath, Sample.job("BAD_name"))
        #expect(answer.status == 422)
        #expect(answer.reason == "Invalid")
        #expect(
            answer.message
                == "Job.batch \"BAD_name\" is invalid: metadata.name: Invalid value: \"BAD_name\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
        )
        let cause = answer.body.list("details", "causes").first
        #expect(cause?.string("field") == "metadata.name")
        #expect(cause?.string("reason") == "FieldValueInvalid")
        #expect(answer.body.string("details", "kind") == "Job")
    }

    private static func template(_ spec: JSONValue) -> JSONValue { ["spec": ["template": ["spec": spec]]] }

    @Test(
        arguments: [
            (
                template(["restartPolicy": "Always"]),
                "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\""
            ),
            (template(["containers": []]), "spec.template.spec.containers: Required value"),
            (
                template([
                    "containers": [
                        ["name": "a", "image": "b", "resources": ["limits": ["cpu": "1"], "requests": ["cpu": "2"]]]
                    ]
                ]),
                "spec.template.spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1"
            ),
            (
                template([
                    "containers": [["name": "a", "image": "b", "volumeMounts": [["name": "v", "mountPath": "/v"]]]]
                ]),
                "spec.template.spec.containers[0].volumeMounts[0].name: Not found: \"v\""
            ),
            (
                ["spec": ["parallelism": -1]],
                "spec.parallelism: Invalid value: -1: must be greater than or equal to 0"
            ),
        ] as [(JSONValue, String)])
    func `invalid Jobs name the field`(_ change: JSONValue, _ cause: String) async throws {
        let cluster = try Cluster()
        let answer = try await cluster.call(.post, jobsPath, Sample.job("bad").applying(mergePatch: change))
        #expect(answer.status == 422)
        #expect(answer.message == "Job.batch \"bad\" is invalid: \(cause)")
    }

    @Test func `wrong types and unknown fields are found`() async throws {
        let cluster = try Cluster()
        let wrong = try await cluster.call(.post, jobsPath, Sample.job("t") { $0.set("x", "spec", "backoffLimit") })
        #expect(wrong.status == 400)
        #expect(
            wrong.message
                == "Job in version \"v1\" cannot be handled as a Job: json: cannot unmarshal string into Go struct field JobSpec.spec.backoffLimit of type int32"
        )
        let typo = Sample.job("t") { $0.set([:], "spec", "template", "spec", "nodeSelecter") }
        let strict = try await cluster.call(.post, "\(jobsPath)?fieldValidation=Strict", typo)
        #expect(strict.status == 400)
        #expect(
            strict.message
                == "Job in version \"v1\" cannot be handled as a Job: strict decoding error: unknown field \"spec.template.spec.nodeSelecter\""
        )
        let warned = try await cluster.call(.post, jobsPath, typo)
        #expect(warned.status == 201)
        #expect(warned.warnings == ["299 - \"unknown field \\\"spec.template.spec.nodeSelecter\\\"\""])
    }

    @Test func `generated names and dry runs`() async throws {
        let cluster = try Cluster { $0.makeSuffix = { "abcde" } }
        let job = Sample.job("x") {
            $0.set(nil, "metadata", "name")
            $0.set("run-", "metadata", "generateName")
        }
        let dry = try await cluster.call(.post, "\(jobsPath)?dryRun=All", job)
        #expect(dry.status == 201)
        #expect(dry.body.name == "run-abcde")
        #expect(try await cluster.call(.get, "\(jobsPath)/run-abcde").status == 404)
        #expect(try await cluster.call(.post, jobsPath, job).body.name == "run-abcde")
        #expect(try await cluster.call(.post, jobsPath, job).reason == "AlreadyExists")
    }

    @Test func `a replace with an old version conflicts`() async throws {
        let cluster = try Cluster()
        var map = try await cluster.call(.post, mapsPath, Sample.configMap("m", ["a": "1"])).body
        let stale = map
        map.set("2", "data", "a")
        let replaced = try await cluster.call(.put, "\(mapsPath)/m", map)
        #expect(replaced.status == 200)
        #expect(replaced.body.resourceVersion != stale.resourceVersion)
        let conflict = try await cluster.call(.put, "\(mapsPath)/m", stale)
        #expect(conflict.status == 409)
        #expect(
            conflict.message
                == "Operation cannot be fulfilled on configmaps \"m\": the object has been modified; please apply your changes to the latest version and try again"
        )
        let same = try await cluster.call(.put, "\(mapsPath)/m", replaced.body)
        #expect(same.body.resourceVersion == replaced.body.resourceVersion, "a write without change is none")
    }

    @Test func `a template is immutable and parallelism is not`() async throws {
        let cluster = try Cluster()
        _ = try await cluster.call(.post, jobsPath, Sample.job("j"))
        let merge = "application/merge-patch+json"
        let template = try await cluster.call(
            .patch, "\(jobsPath)/j", ["spec": ["template": ["metadata": ["labels": ["x": "y"]]]]], type: merge)
        #expect(template.status == 422)
        #expect(template.message.hasSuffix("field is immutable"))
        let released = try await cluster.call(.patch, "\(jobsPath)/j", ["spec": ["parallelism": 0]], type: merge)
        #expect(released.status == 200)
        #expect(released.body.int("metadata", "generation") == 2)
    }

    @Test func `status and spec are written apart`() async throws {
        let cluster = try Cluster()
        let job = try await cluster.call(.post, jobsPath, Sample.job("j")).body
        let merge = "application/merge-patch+json"
        let both: JSONValue = ["spec": ["parallelism": 3], "status": ["active": 7]]
        let spec = try await cluster.call(.patch, "\(jobsPath)/j", both, type: merge).body
        #expect(spec.int("spec", "parallelism") == 3)
        #expect(spec["status"] == job["status"])
        let status = try await cluster.call(
            .patch, "\(jobsPath)/j/status", ["spec": ["parallelism": 9], "status": ["active": 7]], type: merge)
        #expect(status.body.int("spec", "parallelism") == 3)
        #expect(status.body.int("status", "active") == 7)
        #expect(status.body.int("metadata", "generation") == 2)
    }

    @Test func `secrets turn stringData into data`() async throws {
        let cluster = try Cluster()
        let secret: JSONValue = [
            "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "s"],
            "stringData": ["key": "value"], "data": ["raw": "AAEC"],
        ]
        let made = try await cluster.call(.post, "/api/v1/namespaces/default/secrets", secret)
        #expect(made.body["data"] == ["raw": "AAEC", "key": "dmFsdWU="])
        #expect(made.body["stringData"] == nil)
        #expect(made.body.string("type") == "Opaque")
        let bad = try await cluster.call(
            .post, "/api/v1/namespaces/default/secrets",
            ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "t"], "data": ["k": "no base64!"]])
        #expect(bad.status == 400)
    }

    @Test func `bodies are checked before they are read`() async throws {
        let cluster = try Cluster { $0.bodyLimit = 2000 }
        let large = Sample.configMap("m", ["a": .string(String(repeating: "x", count: 3000))])
        let tooLarge = try await cluster.call(.post, mapsPath, large)
        #expect(tooLarge.status == 413)
        #expect(tooLarge.message == "Request entity too large: limit is 2000")
        #expect(try await cluster.call(.post, mapsPath, Sample.configMap("m"), type: "text/csv").status == 415)
        #expect(try await cluster.call(.get, mapsPath, accept: "application/yaml").status == 406)
        #expect(try await cluster.call(.post, mapsPath, Sample.job("j")).status == 400)
        #expect(try await cluster.call(.put, mapsPath, Sample.configMap("m")).status != 200)
    }

    @Test func `a lease is replaced only by who has read it`() async throws {
        let cluster = try Cluster()
        let leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
        let lease: JSONValue = [
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": ["name": "l"],
            "spec": ["holderIdentity": "a"],
        ]
        let made = try await cluster.call(.post, leases, lease).body
        let blind = try await cluster.call(.put, "\(leases)/l", lease)
        #expect(blind.status == 422)
        #expect(blind.message.hasSuffix("metadata.resourceVersion: Invalid value: 0: must be specified for an update"))
        var mine = made
        mine.set("b", "spec", "holderIdentity")
        #expect(try await cluster.call(.put, "\(leases)/l", mine).status == 200)
        #expect(try await cluster.call(.put, "\(leases)/l", mine).status == 409)
    }

    @Test func `events are forgotten after their time`() async throws {
        let cluster = try Cluster { $0.eventLifetime = .seconds(60) }
        let node = try #require(cluster.sandbox.get(.nodes, name: "sandbox"))
        cluster.sandbox.recordEvent(on: node, reason: "Old", message: "m", component: "test")
        cluster.clock.advance(.seconds(45))
        cluster.sandbox.recordEvent(on: node, reason: "New", message: "m", component: "test")
        cluster.clock.advance(.seconds(30))
        cluster.sandbox.settle()
        #expect(cluster.sandbox.list(.events).map { $0.string("reason") } == ["New"])
        let foreign: JSONValue = [
            "apiVersion": "v1", "kind": "Event", "metadata": ["name": "e"],
            "involvedObject": ["kind": "Job", "name": "j", "namespace": "elsewhere"],
        ]
        let answer = try await cluster.call(.post, "/api/v1/namespaces/default/events", foreign)
        #expect(answer.message.hasSuffix("does not match event.namespace"))
    }
}
