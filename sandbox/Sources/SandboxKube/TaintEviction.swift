import JSON
import OS

/// A taint of a node that drives pods away.
struct NoExecuteTaint: Hashable, Sendable {
    var node: String
    var key: String
    var value: String

    /// How long a pod may stay: `nil` for ever, zero not at all.
    func patience(of pod: JSONValue) -> Duration? {
        var patience: Duration = .zero
        var isTolerated = false
        for toleration in pod.list("spec", "tolerations") where matches(toleration) {
            guard let seconds = toleration.int("tolerationSeconds") else {
                if !isTolerated { return nil }
                continue
            }
            patience = isTolerated ? min(patience, .seconds(max(0, seconds))) : .seconds(max(0, seconds))
            isTolerated = true
        }
        return patience
    }

    private func matches(_ toleration: JSONValue) -> Bool {
        let effect = toleration.string("effect") ?? ""
        guard effect.isEmpty || effect == "NoExecute" else { return false }
        let wanted = toleration.string("key") ?? ""
        if toleration.string("operator") == "Exists" { return wanted.isEmpty || wanted == key }
        return wanted == key && (toleration.string("value") ?? "") == value
    }
}

extension ClusterState {
    /// Deletes pods that do not, or no longer, tolerate a `NoExecute` taint of their node.
    mutating func evictByTaints() {
        var present: Set<NoExecuteTaint> = []
        for node in store.list(.nodes, namespace: nil) {
            for taint in node.list("spec", "taints") where taint.string("effect") == "NoExecute" {
                present.insert(
                    NoExecuteTaint(
                        node: node.name, key: taint.string("key") ?? "", value: taint.string("value") ?? ""))
            }
        }
        taintsSince = taintsSince.filter { present.contains($0.key) }
        if present.isEmpty { return }
        for taint in present where taintsSince[taint] == nil { taintsSince[taint] = now }
        for pod in store.list(.pods, namespace: nil) where !pod.isTerminalPod && !pod.isDeleting {
            let isOver = present.contains { taint in
                guard taint.node == pod.string("spec", "nodeName"), let since = taintsSince[taint],
                    let patience = taint.patience(of: pod)
                else { return false }
                return now >= since + patience
            }
            if isOver { driveAway(pod) }
        }
    }

    private mutating func driveAway(_ pod: JSONValue) {
        let key = ObjectKey(kind: .pods, namespace: pod.namespace, name: pod.name)
        var marked = pod
        marked.setCondition([
            "type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager",
            "message": "Taint manager: deleting due to NoExecute taint", "lastProbeTime": nil,
            "lastTransitionTime": stamp, "observedGeneration": pod.at("metadata", "generation") ?? 1,
        ])
        put(marked, at: key)
        recordEvent(
            on: pod, type: "Normal", reason: "TaintManagerEviction",
            message: "Marking for deletion Pod \(pod.namespace)/\(pod.name)", component: "taint-eviction-controller")
        discard(key)
    }
}
