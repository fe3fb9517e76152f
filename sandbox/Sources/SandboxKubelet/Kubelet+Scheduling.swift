internal import HTTP
internal import JSON
internal import OS
internal import Synchronization

/// The scheduler's part: pods that stand on no node.
extension Kubelet {
    func scheduleAll() async {
        let waiting = entries.withLock { entries in
            entries.values.filter { $0.pod.nodeName == nil && !$0.isGone }.map(\.pod)
        }
        for pod in waiting.sorted(by: { $0.created < $1.created }) { await schedule(pod) }
    }

    func schedule(_ pod: JSONValue) async {
        let others = entries.withLock { entries in
            entries.values.filter { $0.pod.nodeName != nil && !$0.pod.isTerminal && !$0.isGone }.map(\.pod)
        }
        switch scheduling.verdict(on: pod, others: others, claims: await claims(of: pod)) {
        case .leave: break
        case .bind: await bind(pod)
        case .gated:
            await refuse(
                pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", isCounted: false)
        case .unschedulable(let message):
            if await refuse(pod, "Unschedulable", message, isCounted: true) {
                await node.events.record(pod, warning: true, "FailedScheduling", message)
            }
        }
    }

    private func claims(of pod: JSONValue) async -> Set<String> {
        var result: Set<String> = []
        for volume in pod.at("spec", "volumes")?.array ?? [] {
            guard let claim = volume.at("persistentVolumeClaim", "claimName")?.string else { continue }
            let path = "/api/v1/namespaces/\(pod.podNamespace)/persistentvolumeclaims/\(claim)"
            // Unreachable counts as absent: the pod waits and is looked at again.
            if (try? await node.api.get(path)) ?? nil != nil { result.insert("\(pod.podNamespace)/\(claim)") }
        }
        return result
    }

    private func bind(_ pod: JSONValue) async {
        let name = node.configuration.nodeName
        let binding: JSONValue = [
            "apiVersion": "v1", "kind": "Binding",
            "metadata": ["name": .string(pod.podName), "uid": .string(pod.podUID)],
            "target": ["apiVersion": "v1", "kind": "Node", "name": .string(name)],
        ]
        do throws(KubeletError) {
            try await node.api.call(.post, KubeletAPI.path(of: pod) + "/binding", binding)
        } catch {
            // Gone or bound meanwhile: the watch tells.
            return
        }
        // Its place counts from now on, before the watch shows it.
        entries.withLock { $0[pod.podUID]?.pod["spec"]?["nodeName"] = .string(name) }
        await node.events.record(
            pod, "Scheduled", "Successfully assigned \(pod.podNamespace)/\(pod.podName) to \(name)")
    }

    /// Writes why the pod stands nowhere; whether that is news. `isCounted`: the scheduler writes it, and says of which
    /// generation; gates are the API server's, which does not.
    @discardableResult
    private func refuse(_ pod: JSONValue, _ reason: String, _ message: String, isCounted: Bool) async -> Bool {
        let conditions = pod.at("status", "conditions")?.array ?? []
        if conditions.contains(where: { $0["type"]?.string == "PodScheduled" && $0["message"]?.string == message }) {
            return false
        }
        let stamp = JSONValue.string(node.configuration.now().iso(fraction: 0, zone: "Z"))
        do throws(KubeletError) {
            try await node.api.writeStatus(of: pod) { current in
                guard current.nodeName == nil else { return current["status"] ?? [:] }
                var status = current["status"] ?? [:]
                let others = (status["conditions"]?.array ?? []).filter { $0["type"]?.string != "PodScheduled" }
                var condition: JSONValue = [
                    "type": "PodScheduled", "status": "False", "reason": .string(reason), "message": .string(message),
                    "lastProbeTime": .null, "lastTransitionTime": stamp,
                ]
                if isCounted, let generation = current.at("metadata", "generation") {
                    condition["observedGeneration"] = generation
                }
                status["conditions"] = .array(others + [condition])
                status["phase"] = "Pending"
                return status
            }
        } catch {
            return false  // Gone, or the API fails: the next look decides again.
        }
        return true
    }
}

extension JSONValue {
    fileprivate var created: String { at("metadata", "creationTimestamp")?.string ?? "" }
}
