import JSON
import KubeClient

extension ConformanceCase {
    static let creation: [ConformanceCase] = [
        ConformanceCase("create.duplicate-409") { target in
            let object = target.configMap(target.unique("twice"))
            _ = try await target.client.create(object)
            let error = try await refusal("a second object of one name") { _ = try await target.client.create(object) }
            try check(error, 409, "AlreadyExists")
            try check(error.isAlreadyExists && !error.isConflict, "it is no AlreadyExists")
            try check(error.status?.message.contains("already exists") == true, "message is \(error)")
        },
        ConformanceCase("create.generated-name") { target in
            var object = ConfigMap(name: "", namespace: target.namespace)
            object.metadata = ["generateName": "made-", "namespace": .string(target.namespace)]
            let first = try await target.client.create(object).object
            let second = try await target.client.create(object).object
            for name in [first.name, second.name] {
                try check(name.hasPrefix("made-") && name.count == "made-".count + 5, "the name is \(name)")
            }
            try check(first.name != second.name, "both are \(first.name)")
            try check("generateName", first.generateName, is: "made-")
        },
        ConformanceCase("create.dry-run") { target in
            let name = target.unique("dry")
            let dry = try await target.client.create(target.configMap(name), dryRun: true).object
            try check("name", dry.name, is: name)
            try check(!dry.uid.isEmpty, "there is no uid")
            let error = try await refusal("reading it") {
                _ = try await target.client.get(ConfigMap.self, name, namespace: target.namespace)
            }
            try check(error, 404, "NotFound")
        },
        ConformanceCase("create.dry-run-is-checked") { target in
            let error = try await refusal("a pod without containers") {
                var pod = target.idlePod(target.unique("dry"))
                pod.spec?["containers"] = []
                _ = try await target.client.create(pod, dryRun: true)
            }
            try check(error, 422, "Invalid")
        },
        ConformanceCase("create.absent-namespace-404") { target in
            let error = try await refusal("a namespace that is not there") {
                _ = try await target.client.create(ConfigMap(name: "x", namespace: "glue-absent"))
            }
            try check(error, 404, "NotFound")
            try check(error.status?.message.contains("namespaces \"glue-absent\"") == true, "message is \(error)")
        },
        ConformanceCase("create.invalid-422-names-the-field") { target in
            let error = try await refusal("a pod without containers") {
                var pod = target.idlePod(target.unique("bad"))
                pod.spec?["containers"] = []
                _ = try await target.client.create(pod)
            }
            try check(error, 422, "Invalid")
            try check("field", error.status?.causes.first?.field, is: "spec.containers")
            try check("cause", error.status?.causes.first?.reason, is: "FieldValueRequired")
        },
        ConformanceCase("create.every-cause-is-named") { target in
            let error = try await refusal("a container without a name and without an image") {
                var pod = target.idlePod(target.unique("bad"))
                pod.spec?["containers"] = [["command": ["x"]]]
                _ = try await target.client.create(pod)
            }
            try check(error, 422, "Invalid")
            let fields = Set(error.status?.causes.map(\.field) ?? [])
            try check(
                fields.isSuperset(of: ["spec.containers[0].name", "spec.containers[0].image"]), "fields are \(fields)")
        },
        ConformanceCase("create.invalid-name-422") { target in
            for name in ["Upper", "under_score", "-a", "a-", String(repeating: "x", count: 254)] {
                let error = try await refusal("the name `\(name)`") {
                    _ = try await target.client.create(target.configMap(name))
                }
                try check(error, 422, "Invalid")
                try check("field", error.status?.causes.first?.field, is: "metadata.name")
            }
        },
        ConformanceCase("create.without-name-422") { target in
            let error = try await refusal("no name") {
                var object = target.configMap("x")
                object.metadata = [:]
                _ = try await target.client.create(object, namespace: target.namespace)
            }
            try check(error, 422, "Invalid")
        },
        ConformanceCase("create.invalid-label-422") { target in
            let error = try await refusal("a label with a blank") {
                _ = try await target.client.create(target.configMap(target.unique("label"), labels: ["a": "b c"]))
            }
            try check(error, 422, "Invalid")
            try check("field", error.status?.causes.first?.field, is: "metadata.labels")
        },
        ConformanceCase("create.other-namespace-400") { target in
            let error = try await refusal("a body of another namespace") {
                _ = try await target.client.create(
                    ConfigMap(name: "x", namespace: "default"), namespace: target.namespace)
            }
            try check(error, 400, "BadRequest")
        },
        ConformanceCase("create.other-kind-400") { target in
            let error = try await refusal("a Secret among the ConfigMaps") {
                var object = target.configMap(target.unique("kind"))
                object.raw["kind"] = "Secret"
                _ = try await target.client.create(object)
            }
            try check(error, 400, "BadRequest")
        },
        ConformanceCase("create.ignores-status-and-server-fields") { target in
            var pod = target.idlePod(target.unique("given"))
            pod.rawStatus = ["phase": "Running"]
            pod.metadata["uid"] = "mine"
            pod.metadata["creationTimestamp"] = "2001-01-01T00:00:00Z"
            let made = try await target.client.create(pod).object
            try check("phase", made.phase, is: .pending)
            try check(made.uid != "mine", "the uid is the client's")
            try check(made.metadata["creationTimestamp"] != "2001-01-01T00:00:00Z", "the creation time is the client's")
        },
        ConformanceCase("create.with-resourceVersion-refused") { target in
            let error = try await refusal("a create with a resourceVersion") {
                var object = target.configMap(target.unique("version"))
                object.resourceVersion = "1"
                _ = try await target.client.create(object)
            }
            try check("code", error.status?.code, is: 500)
            try check(
                "message", error.status?.message, is: "resourceVersion should not be set on objects to be created")
        },
        ConformanceCase("create.pod-defaults") { target in
            let pod = try await target.client.create(target.idlePod(target.unique("plain"))).object
            try check("restartPolicy", pod.raw.at("spec", "restartPolicy"), is: "Always")
            try check("grace", pod.raw.at("spec", "terminationGracePeriodSeconds"), is: 30)
            try check("dnsPolicy", pod.raw.at("spec", "dnsPolicy"), is: "ClusterFirst")
            try check("message path", pod.containers[0]["terminationMessagePath"], is: "/dev/termination-log")
            try check("message policy", pod.containers[0]["terminationMessagePolicy"], is: "File")
            try check("pull policy", pod.containers[0]["imagePullPolicy"], is: "IfNotPresent")
            try check("quality", pod.qosClass, is: "BestEffort")
        },
        ConformanceCase("create.secret-stringData") { target in
            var secret = KubernetesSecret(name: target.unique("text"), namespace: target.namespace)
            secret.raw["stringData"] = ["key": "value"]
            let made = try await target.client.create(secret).object
            try check("data", made.raw["data"], is: ["key": "dmFsdWU="])
            try check(made.raw["stringData"] == nil, "stringData is still there")
            try check("type", made.type, is: "Opaque")
        },
        ConformanceCase("create.wrong-type-400") { target in
            let error = try await refusal("a text where an object belongs") {
                var object = target.configMap(target.unique("type"))
                object.raw["data"] = "text"
                _ = try await target.client.create(object)
            }
            try check(error, 400, "BadRequest")
        },
    ]
}
