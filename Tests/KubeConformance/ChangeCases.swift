import JSON
import KubeClient

extension ConformanceCase {
    static let replacement: [ConformanceCase] = [
        ConformanceCase("replace.stale-409") { target in
            let made = try await target.client.create(target.configMap(target.unique("stale"))).object
            var first = made
            first.data = ["a": "1"]
            _ = try await target.client.replace(first)
            var second = made
            second.data = ["a": "2"]
            let error = try await refusal("a stale version") { _ = try await target.client.replace(second) }
            try check(error, 409, "Conflict")
            try check(error.isConflict && !error.isAlreadyExists, "it is no conflict")
        },
        ConformanceCase("replace.unconditional") { target in
            let name = target.unique("plain")
            _ = try await target.client.create(target.configMap(name))
            let replaced = try await target.client.replace(target.configMap(name, data: ["a": "2"]))
            try check("data", replaced.data, is: ["a": "2"])
        },
        ConformanceCase("replace.same-content-keeps-version") { target in
            let made = try await target.client.create(target.configMap(target.unique("same"))).object
            let replaced = try await target.client.replace(made)
            try check("version", replaced.resourceVersion, is: made.resourceVersion)
        },
        ConformanceCase("replace.other-uid-409") { target in
            var object = try await target.client.create(target.configMap(target.unique("uid"))).object
            object.metadata["uid"] = "another"
            let error = try await refusal("another uid") { _ = try await target.client.replace(object) }
            try check(error, 409, "Conflict")
        },
        ConformanceCase("replace.absent-404") { target in
            let error = try await refusal("an absent object") {
                _ = try await target.client.replace(target.configMap("absent"))
            }
            try check(error, 404, "NotFound")
        },
        ConformanceCase("replace.keeps-status") { target in
            var pod = try await target.client.create(target.idlePod(target.unique("status"))).object
            pod.rawStatus = ["phase": "Running"]
            pod.labels = ["a": "b"]
            let replaced = try await target.client.replace(pod)
            try check("phase", replaced.phase, is: .pending)
            try check("labels", replaced.labels, is: ["a": "b"])
        },
        ConformanceCase("replace.status-keeps-spec") { target in
            var pod = try await target.client.create(target.idlePod(target.unique("status"))).object
            pod.rawStatus = ["phase": "Failed", "reason": "Tested"]
            pod.spec?["nodeName"] = "elsewhere"
            let replaced = try await target.client.replace(pod, subresource: "status")
            try check("reason", replaced.reason, is: "Tested")
            try check("node", replaced.nodeName, is: nil)
        },
        ConformanceCase("replace.pod-spec-is-fixed") { target in
            var pod = try await target.client.create(target.idlePod(target.unique("fixed"))).object
            pod.spec?["restartPolicy"] = "Never"
            let error = try await refusal("another restartPolicy") { _ = try await target.client.replace(pod) }
            try check(error, 422, "Invalid")
        },
        ConformanceCase("replace.job-template-is-fixed") { target in
            let name = try await target.client.create(target.job(target.unique("fixed"), parallelism: 0)).object.name
            // Its controller writes the status meanwhile: a conflict says nothing about the template.
            let error = try await target.eventually("another refusal than a conflict") { () -> KubernetesError? in
                var job = try await target.client.get(Job.self, name, namespace: target.namespace)
                job.raw["spec"]?["template"]?["spec"]?["restartPolicy"] = "OnFailure"
                let error = try await refusal("another template") { _ = try await target.client.replace(job) }
                return error.isConflict ? nil : error
            }
            try check(error, 422, "Invalid")
            try check("field", error.status?.causes.first?.field, is: "spec.template")
        },
    ]

    static let patches: [ConformanceCase] = [
        ConformanceCase("patch.merge") { target in
            let name = target.unique("merge")
            let made = try await target.client.create(target.configMap(name, data: ["a": "1", "b": "2"])).object
            let patched = try await patch(target, name, .merge(["data": ["a": nil, "c": "3"]]))
            try check("data", patched.data, is: ["b": "2", "c": "3"])
            try check(patched.resourceVersion != made.resourceVersion, "the version has not changed")
        },
        ConformanceCase("patch.without-change-keeps-version") { target in
            let name = target.unique("same")
            let made = try await target.client.create(target.configMap(name, data: ["a": "1"])).object
            let patched = try await patch(target, name, .merge(["data": ["a": "1"]]))
            try check("version", patched.resourceVersion, is: made.resourceVersion)
        },
        ConformanceCase("patch.json") { target in
            let name = target.unique("json")
            _ = try await target.client.create(target.configMap(name, data: ["a": "1", "b": "2"]))
            let patched = try await patch(
                target, name,
                .json([
                    ["op": "test", "path": "/data/a", "value": "1"],
                    ["op": "replace", "path": "/data/a", "value": "9"],
                    ["op": "remove", "path": "/data/b"],
                    ["op": "add", "path": "/metadata/annotations", "value": [:]],
                    ["op": "add", "path": "/metadata/annotations/glue.test~1note", "value": "z"],
                ]))
            try check("annotations", patched.annotations, is: ["glue.test/note": "z"])
            try check("data", patched.data, is: ["a": "9"])
        },
        ConformanceCase("patch.json-failed-test-422") { target in
            let name = target.unique("json")
            _ = try await target.client.create(target.configMap(name, data: ["a": "1"]))
            let error = try await refusal("a failing test") {
                _ = try await patch(
                    target, name,
                    .json([
                        ["op": "replace", "path": "/data/a", "value": "2"],
                        ["op": "test", "path": "/data/a", "value": "no"],
                    ]))
            }
            try check(error, 422, "Invalid")
            let after = try await target.client.get(ConfigMap.self, name, namespace: target.namespace)
            try check("data", after.data, is: ["a": "1"])
        },
        ConformanceCase("patch.json-absent-path-422") { target in
            let name = target.unique("json")
            _ = try await target.client.create(target.configMap(name))
            let error = try await refusal("an absent path") {
                _ = try await patch(target, name, .json([["op": "remove", "path": "/data/absent"]]))
            }
            try check(error.status?.code == 422, "got \(error)")
        },
        ConformanceCase("patch.json-malformed-400") { target in
            let name = target.unique("json")
            _ = try await target.client.create(target.configMap(name))
            let error = try await refusal("an object instead of a list") {
                let request = Patch.merge(["op": "add"])
                _ = try await patch(target, name, .json([.string("\(request)")]))
            }
            try check(error.status?.code == 400, "got \(error)")
        },
        ConformanceCase("patch.json-metadata-finalizers") { target in
            let name = target.unique("finalizers")
            var object = target.configMap(name)
            object.finalizers = ["glue.test/a", "glue.test/b"]
            _ = try await target.client.create(object)
            let patched = try await patch(
                target, name,
                .json([
                    ["op": "test", "path": "/metadata/finalizers/0", "value": "glue.test/a"],
                    ["op": "remove", "path": "/metadata/finalizers/0"],
                ]))
            try check("finalizers", patched.finalizers, is: ["glue.test/b"])
            _ = try await patch(target, name, .merge(["metadata": ["finalizers": []]]))
        },
        ConformanceCase("patch.stale-version-409") { target in
            let name = target.unique("stale")
            let made = try await target.client.create(target.configMap(name)).object
            _ = try await patch(target, name, .merge(["data": ["a": "1"]]))
            let error = try await refusal("a stale version") {
                _ = try await patch(
                    target, name,
                    .merge([
                        "metadata": ["resourceVersion": .string(made.resourceVersion ?? "")], "data": ["a": "2"],
                    ]))
            }
            try check(error, 409, "Conflict")
        },
        ConformanceCase("patch.absent-404") { target in
            let error = try await refusal("an absent object") {
                _ = try await patch(target, "absent", .merge(["data": ["a": "1"]]))
            }
            try check(error, 404, "NotFound")
        },
        ConformanceCase("patch.status-alone") { target in
            let name = target.unique("status")
            let made = try await target.client.create(target.idlePod(name)).object
            let patched = try await target.client.patch(
                Pod.self, name, namespace: target.namespace,
                .merge(["status": ["phase": "Failed", "reason": "Tested"], "spec": ["nodeName": "elsewhere"]]),
                subresource: "status")
            try check("phase", patched.phase, is: .failed)
            try check("reason", patched.reason, is: "Tested")
            try check("node", patched.nodeName, is: nil)
            try check("uid", patched.uid, is: made.uid)
        },
        ConformanceCase("patch.object-leaves-status") { target in
            let name = target.unique("status")
            _ = try await target.client.create(target.idlePod(name))
            let patched = try await target.client.patch(
                Pod.self, name, namespace: target.namespace,
                .merge(["status": ["phase": "Failed"], "metadata": ["labels": ["a": "b"]]]))
            try check("phase", patched.phase, is: .pending)
            try check("labels", patched.labels, is: ["a": "b"])
        },
        ConformanceCase("patch.dry-run") { target in
            let name = target.unique("dry")
            _ = try await target.client.create(target.configMap(name, data: ["a": "1"]))
            let dry = try await target.client.patch(
                ConfigMap.self, name, namespace: target.namespace, .merge(["data": ["a": "2"]]), dryRun: true)
            try check("answer", dry.data, is: ["a": "2"])
            let after = try await target.client.get(ConfigMap.self, name, namespace: target.namespace)
            try check("kept", after.data, is: ["a": "1"])
        },
        ConformanceCase("patch.invalid-422") { target in
            let name = target.unique("invalid")
            _ = try await target.client.create(target.configMap(name))
            let error = try await refusal("a label with a blank") {
                _ = try await patch(target, name, .merge(["metadata": ["labels": ["a": "b c"]]]))
            }
            try check(error, 422, "Invalid")
        },
        ConformanceCase("patch.strategic-merges-by-name") { target in
            let name = target.unique("strategic")
            var pod = target.idlePod(name)
            pod.raw["spec"]?["containers"] = [
                ["name": "a", "image": .string(target.image)], ["name": "b", "image": .string(target.image)],
            ]
            _ = try await target.client.create(pod)
            let patched = try await target.client.patch(
                Pod.self, name, namespace: target.namespace,
                .strategic(["spec": ["containers": [["name": "b", "image": "glue.test/other:1"]]]]))
            try check(
                "images", patched.containers.map { $0["image"] }, is: [.string(target.image), "glue.test/other:1"])
        },
    ]

    private static func patch(_ target: Target, _ name: String, _ patch: Patch) async throws -> ConfigMap {
        try await target.client.patch(ConfigMap.self, name, namespace: target.namespace, patch)
    }
}
