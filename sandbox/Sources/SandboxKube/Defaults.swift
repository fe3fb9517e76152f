import JSON

/// The fields that the API server fills in.
enum Defaults {
    /// Fills in what is missing in `object`; `old` is what an update replaces.
    static func apply(_ kind: KubeKind, to object: inout JSONValue, old: JSONValue? = nil) {
        switch kind {
        case .jobs: job(&object, old: old)
        case .pods: pod(&object, old: old)
        case .secrets: secret(&object)
        case .namespaces:
            if old == nil {
                object.setDefault(["kubernetes"], "spec", "finalizers")
                object.set("Active", "status", "phase")
                object.set(.string(object.name), "metadata", "labels", "kubernetes.io/metadata.name")
            }
        default: break
        }
    }

    private static func secret(_ object: inout JSONValue) {
        object.setDefault("Opaque", "type")
        for (key, text) in object["stringData"]?.object ?? [:] {
            if let text = text.string { object.set(.string(Base64.encode(Array(text.utf8))), "data", key) }
        }
        object.set(nil, "stringData")
    }

    private static func job(_ object: inout JSONValue, old: JSONValue?) {
        if object.int("spec", "completions") == nil, object.int("spec", "parallelism") == nil {
            object.set(1, "spec", "completions")
        }
        object.setDefault(1, "spec", "parallelism")
        object.setDefault(6, "spec", "backoffLimit")
        object.setDefault("NonIndexed", "spec", "completionMode")
        object.setDefault(false, "spec", "suspend")
        object.setDefault(false, "spec", "manualSelector")
        let hasPolicy = object.at("spec", "podFailurePolicy") != nil
        object.setDefault(hasPolicy ? "Failed" : "TerminatingOrFailed", "spec", "podReplacementPolicy")
        if old == nil, object.bool("spec", "manualSelector") != true {
            let uid = JSONValue.string(object.uid)
            object.setDefault(uid, "spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid")
            for key in ["batch.kubernetes.io/controller-uid", "controller-uid"] {
                object.set(uid, "spec", "template", "metadata", "labels", key)
            }
            for key in ["batch.kubernetes.io/job-name", "job-name"] {
                object.set(.string(object.name), "spec", "template", "metadata", "labels", key)
            }
        }
        if var spec = object.at("spec", "template", "spec"), spec.object != nil {
            podSpec(&spec)
            object.set(spec, "spec", "template", "spec")
        }
    }

    private static func pod(_ object: inout JSONValue, old: JSONValue?) {
        guard var spec = object["spec"], spec.object != nil else { return }
        podSpec(&spec)
        for list in ["initContainers", "containers"] {
            guard let containers = spec[list]?.array else { continue }
            spec[list] = .array(containers.map(withRequests))
        }
        spec.setDefault(true, "enableServiceLinks")
        spec.setDefault("PreemptLowerPriority", "preemptionPolicy")
        spec.setDefault(0, "priority")
        let account = spec["serviceAccountName"] ?? spec["serviceAccount"] ?? "default"
        spec["serviceAccountName"] = account
        spec["serviceAccount"] = account
        if old == nil {
            var tolerations = spec.list("tolerations")
            for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
            where !tolerations.contains(where: { $0["key"]?.string == key }) {
                tolerations.append([
                    "key": .string(key), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300,
                ])
            }
            spec["tolerations"] = .array(tolerations)
        }
        object["spec"] = spec
        if old == nil {
            object.set("Pending", "status", "phase")
            object.set(.string(qualityOfService(spec)), "status", "qosClass")
        }
    }

    private static func podSpec(_ spec: inout JSONValue) {
        spec.setDefault("ClusterFirst", "dnsPolicy")
        spec.setDefault("Always", "restartPolicy")
        spec.setDefault("default-scheduler", "schedulerName")
        spec.setDefault([:], "securityContext")
        spec.setDefault(30, "terminationGracePeriodSeconds")
        for list in ["initContainers", "containers"] {
            guard let containers = spec[list]?.array else { continue }
            spec[list] = .array(containers.map(container))
        }
        if let volumes = spec["volumes"]?.array { spec["volumes"] = .array(volumes.map(volume)) }
    }

    private static func container(_ given: JSONValue) -> JSONValue {
        guard given.object != nil else { return given }
        var container = given
        container.setDefault("/dev/termination-log", "terminationMessagePath")
        container.setDefault("File", "terminationMessagePolicy")
        container.setDefault([:], "resources")
        if let image = container["image"]?.string {
            let last = image.split(separator: "/").last.map(String.init) ?? image
            let isFloating = !image.contains("@") && (!last.contains(":") || last.hasSuffix(":latest"))
            container.setDefault(isFloating ? "Always" : "IfNotPresent", "imagePullPolicy")
        }
        if let ports = container["ports"]?.array {
            container["ports"] = .array(
                ports.map { port in
                    var port = port
                    port.setDefault("TCP", "protocol")
                    return port
                })
        }
        if let variables = container["env"]?.array {
            container["env"] = .array(
                variables.map { variable in
                    guard variable.at("valueFrom", "fieldRef") != nil else { return variable }
                    var variable = variable
                    variable.setDefault("v1", "valueFrom", "fieldRef", "apiVersion")
                    return variable
                })
        }
        return container
    }

    /// What a pod's container is limited to is what it asks for, unless it says. A template stays as it is written.
    private static func withRequests(_ given: JSONValue) -> JSONValue {
        var container = given
        for (resource, amount) in container.at("resources", "limits")?.object ?? [:] {
            container.setDefault(amount, "resources", "requests", resource)
        }
        return container
    }

    private static func volume(_ given: JSONValue) -> JSONValue {
        guard let members = given.object else { return given }
        var volume = given
        if members.count == 1, members["name"] != nil { volume["emptyDir"] = [:] }
        for source in ["secret", "configMap", "projected", "downwardAPI"] where volume[source]?.object != nil {
            volume.setDefault(420, source, "defaultMode")
        }
        return volume
    }

    private static func qualityOfService(_ spec: JSONValue) -> String {
        let containers = spec.list("containers") + spec.list("initContainers")
        func amounts(_ container: JSONValue, _ side: String) -> [String: Quantity] {
            var amounts: [String: Quantity] = [:]
            for name in ["cpu", "memory"] {
                if let amount = container.at("resources", side, name).flatMap(Quantity.init) { amounts[name] = amount }
            }
            return amounts
        }
        if containers.allSatisfy({ amounts($0, "requests").isEmpty && amounts($0, "limits").isEmpty }) {
            return "BestEffort"
        }
        let isGuaranteed = containers.allSatisfy {
            let limits = amounts($0, "limits")
            return limits.count == 2 && amounts($0, "requests") == limits
        }
        return isGuaranteed ? "Guaranteed" : "Burstable"
    }
}
