internal import HTTP
internal import JSON
internal import OS
internal import Synchronization

/// The scheduler's part: pods that stand on no node.
extension Kubelet {
    /// Places pods until cancelled: whenever something has changed, and now and then for what no pod's change tells (a
    /// claim that has been made).
    func scheduleForever() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    await pause(self.node.configuration.retryInterval)
                    self.kick.yield()
                }
                self.kick.finish()
            }
            for await _ in kicks { await scheduleAll() }
        }
    }

    /// One look at every pod that waits, the oldest first. Only one runs at a time, so no place is given twice.
    private func scheduleAll() async {
        var (waiting, load) = entries.withLock { entries in
            var waiting: [JSONValue] = []
            var load = Scheduling.Load()
            for entry in entries.values where !entry.isGone {
                if entry.pod.nodeName == nil {
                    waiting.append(entry.pod)
                } else if !entry.pod.isTerminal {
                    load.add(entry.pod)
                }
            }
            return (waiting, load)
        }
        waiting.sort { ($0.created, $0.podName) < ($1.created, $1.podName) }
        for pod in waiting where !Task.isCancelled {
            switch scheduling.verdict(on: pod, beside: load, claims: await claims(of: pod)) {
            case .leave: break
            case .bind: if await bind(pod) { load.add(pod) }
            case .gated:
                await refuse(
                    pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", isCounted: false)
            case .unschedulable(let message):
                if await refuse(pod, "Unschedulable", message, isCounted: true) {
                    await node.events.record(pod, warning: true, "FailedScheduling", message)
                }
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

    /// Puts the pod on the node; `false`: it is gone or stands there already, and the watch tells.
    private func bind(_ pod: JSONValue) async -> Bool {
        let name = node.configuration.nodeName
        let binding: JSONValue = [
            "apiVersion": "v1", "kind": "Binding",
            "metadata": ["name": .string(pod.podName), "uid": .string(pod.podUID)],
            "target": ["apiVersion": "v1", "kind": "Node", "name": .string(name)],
        ]
        do throws(KubeletError) {
            try await node.api.call(.post, KubeletAPI.path(of: pod) + "/binding", binding)
        } catch {
            return false
        }
        // Its place counts from now on, whether the watch has shown it or not.
        entries.withLock { entries in
            if entries[pod.podUID]?.pod.nodeName == nil {
                entries[pod.podUID]?.pod["spec"]?["nodeName"] = .string(name)
            }
        }
        await node.events.record(
            pod, "Scheduled", "Successfully assigned \(pod.podNamespace)/\(pod.podName) to \(name)")
        return true
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
