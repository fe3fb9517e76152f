import JSON
import OS

extension ClusterState {
    /// Ends pods whose node is gone, 40 seconds after that was first seen: nobody else will.
    mutating func collectLostPods() {
        var lost: Set<String> = []
        for pod in store.list(.pods, namespace: nil) {
            guard let node = pod.string("spec", "nodeName"), !node.isEmpty,
                store[ObjectKey(kind: .nodes, namespace: "", name: node)] == nil
            else { continue }
            lost.insert(node)
            let since = lostNodes[node] ?? now
            lostNodes[node] = since
            guard now >= since + .seconds(40) else { continue }
            end(pod)
        }
        lostNodes = lostNodes.filter { lost.contains($0.key) }
    }

    private mutating func end(_ pod: JSONValue) {
        let key = ObjectKey(kind: .pods, namespace: pod.namespace, name: pod.name)
        if !pod.isTerminalPod {
            var failed = pod
            failed.set("Failed", "status", "phase")
            failed.setCondition([
                "type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC",
                "message": "PodGC: node no longer exists", "lastProbeTime": nil, "lastTransitionTime": stamp,
                "observedGeneration": pod.at("metadata", "generation") ?? 1,
            ])
            put(failed, at: key)
        }
        // As in `discard`: the one refusal there can be is that it is gone.
        _ = try? delete(key, DeleteOptions(propagation: .background, grace: 0))
    }
}
