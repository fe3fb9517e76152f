internal import HTTP
internal import JSON
internal import OS
internal import Synchronization

/// What the cluster is told of the node.
extension Kubelet {
    func describeNode() async {
        let path = "/api/v1/nodes/\(node.configuration.nodeName)"
        let stamp = JSONValue.string(node.configuration.now().iso(fraction: 0, zone: "Z"))
        var labels = JSONObject()
        for (name, value) in scheduling.labels { labels[name] = .string(value) }
        let limits: JSONValue = [
            "type": "MemoryLimits", "status": memoryProblem == nil ? "True" : "False",
            "reason": memoryProblem == nil ? "CgroupsWritable" : "CgroupsNotWritable",
            "message": .string(memoryProblem ?? "a container above its memory limit is killed"),
            "lastHeartbeatTime": stamp,
            "lastTransitionTime": stamp,
        ]
        // A node that cannot be described still runs pods; who looks for the condition finds none.
        guard let current = try? await node.api.get(path) else { return }
        _ = try? await node.api.call(
            .patch, path, ["metadata": ["labels": .object(labels)]], type: "application/merge-patch+json")
        let conditions = (current.at("status", "conditions")?.array ?? []) + [limits]
        _ = try? await node.api.call(
            .patch, path + "/status", ["status": ["conditions": .array(conditions)]],
            type: "application/merge-patch+json")
    }
}
