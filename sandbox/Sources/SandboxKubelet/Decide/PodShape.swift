internal import JSON

/// The parts of a pod's tree that the kubelet reads.
extension JSONValue {
    var podName: String { at("metadata", "name")?.string ?? "" }
    var podNamespace: String { at("metadata", "namespace")?.string ?? "default" }
    var podUID: String { at("metadata", "uid")?.string ?? "" }
    var nodeName: String? { at("spec", "nodeName")?.string.flatMap { $0.isEmpty ? nil : $0 } }
    var phase: String { at("status", "phase")?.string ?? "Pending" }
    var isTerminal: Bool { phase == "Succeeded" || phase == "Failed" }
    var isDeleting: Bool { at("metadata", "deletionTimestamp")?.string != nil }
    var deletionGrace: Duration {
        .seconds(
            at("metadata", "deletionGracePeriodSeconds")?.integer ?? at("spec", "terminationGracePeriodSeconds")?
                .integer ?? 30)
    }
    var containers: [JSONValue] { at("spec", "containers")?.array ?? [] }
    var initContainers: [JSONValue] { at("spec", "initContainers")?.array ?? [] }
    var restartPolicy: String { at("spec", "restartPolicy")?.string ?? "Always" }
    var containerName: String { self["name"]?.string ?? "" }
    /// An init container that is started and not waited for.
    var isSidecar: Bool { self["restartPolicy"]?.string == "Always" }
}
