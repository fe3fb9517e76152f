internal import JSON
internal import OS

/// Writes a pod's status as a kubelet does.
struct PodStatus: Sendable {
    let pod: JSONValue
    let progress: PodProgress
    let now: Timestamp

    private static let own: Set = [
        "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled",
    ]

    /// The whole status; conditions that others wrote stay.
    func status() -> JSONValue {
        let phase = progress.phase(of: pod)
        let old = pod["status"] ?? [:]
        var result = JSONObject()
        let address: JSONValue = "127.0.0.1"
        result["phase"] = .string(phase)
        result["conditions"] = .array(conditions(phase))
        if let reason = progress.reason { result["reason"] = .string(reason) }
        if let message = progress.message { result["message"] = .string(message) }
        if let generation = pod.at("metadata", "generation") { result["observedGeneration"] = generation }
        result["hostIP"] = address
        result["hostIPs"] = [["ip": address]]
        if progress.sandboxReady {
            result["podIP"] = address
            result["podIPs"] = [["ip": address]]
        }
        result["startTime"] = .string(progress.startTime.iso(fraction: 0, zone: "Z"))
        result["qosClass"] = old["qosClass"] ?? .string(QualityOfService.name(of: pod))
        result["containerStatuses"] = .array(
            pod.containers.map { containerStatus($0, progress.mains[$0.containerName], sidecarPhase: false) })
        if !pod.initContainers.isEmpty {
            result["initContainerStatuses"] = .array(
                pod.initContainers.map { containerStatus($0, progress.inits[$0.containerName], sidecarPhase: true) })
        }
        return .object(result)
    }

    private func conditions(_ phase: String) -> [JSONValue] {
        let ended = phase == "Succeeded" || phase == "Failed"
        let endReason = phase == "Succeeded" ? "PodCompleted" : "PodFailed"
        let incomplete = pod.initContainers.filter { !progress.isInitialized($0) }.map(\.containerName)
        let unready = pod.containers.map(\.containerName).filter { progress.mains[$0]?.isRunning != true }
        var result: [JSONValue] = []
        result.append(condition("PodReadyToStartContainers", progress.sandboxReady && !ended))
        if incomplete.isEmpty {
            result.append(condition("Initialized", true, reason: phase == "Succeeded" ? "PodCompleted" : nil))
        } else {
            result.append(
                condition(
                    "Initialized", false, reason: "ContainersNotInitialized",
                    message: "containers with incomplete status: [\(incomplete.joined(separator: " "))]"))
        }
        for type in ["Ready", "ContainersReady"] {
            if ended {
                result.append(condition(type, false, reason: endReason))
            } else if unready.isEmpty {
                result.append(condition(type, true))
            } else {
                result.append(
                    condition(
                        type, false, reason: "ContainersNotReady",
                        message: "containers with unready status: [\(unready.joined(separator: " "))]"))
            }
        }
        result.append(condition("PodScheduled", true))
        if let disruption = progress.disruption {
            result.insert(
                condition("DisruptionTarget", true, reason: "TerminationByKubelet", message: disruption), at: 0)
        }
        let foreign = (pod.at("status", "conditions")?.array ?? []).filter { condition in
            guard let type = condition["type"]?.string else { return false }
            return !Self.own.contains(type) && !(type == "DisruptionTarget" && progress.disruption != nil)
        }
        return foreign + result
    }

    private func condition(_ type: String, _ holds: Bool, reason: String? = nil, message: String? = nil) -> JSONValue {
        let status = holds ? "True" : "False"
        let before = pod.at("status", "conditions")?.array?.first { $0["type"]?.string == type }
        var since = JSONValue.string(now.iso(fraction: 0, zone: "Z"))
        if let before, before["status"]?.string == status, let old = before["lastTransitionTime"], !old.isNull {
            since = old
        }
        var result: JSONObject = [
            "type": .string(type), "status": .string(status), "lastProbeTime": .null, "lastTransitionTime": since,
        ]
        if let generation = pod.at("metadata", "generation") { result["observedGeneration"] = generation }
        if let reason { result["reason"] = .string(reason) }
        if let message { result["message"] = .string(message) }
        return .object(result)
    }

    private func containerStatus(_ container: JSONValue, _ progress: ContainerProgress?, sidecarPhase: Bool)
        -> JSONValue
    {
        let progress = progress ?? ContainerProgress(state: .waiting(reason: "ContainerCreating", message: nil))
        let isUp = progress.isRunning
        let completedInit = sidecarPhase && progress.end?.exitCode == 0
        var result: JSONObject = [
            "name": .string(container.containerName), "image": container["image"] ?? "",
            "imageID": .string(progress.imageID ?? ""), "lastState": [:], "ready": .bool(isUp || completedInit),
            "restartCount": .integer(Int64(progress.restarts)), "started": .bool(isUp),
        ]
        if let id = progress.containerID { result["containerID"] = .string(id) }
        if let last = progress.last { result["lastState"] = ["terminated": Self.json(last)] }
        switch progress.state {
        case .waiting(let reason, let message):
            var waiting: JSONValue = ["reason": .string(reason)]
            if let message { waiting["message"] = .string(message) }
            result["state"] = ["waiting": waiting]
        case .running(let since):
            result["state"] = ["running": ["startedAt": .string(since.iso(fraction: 0, zone: "Z"))]]
        case .terminated(let end): result["state"] = ["terminated": Self.json(end)]
        }
        if progress.containerID != nil {
            let resources = container["resources"] ?? [:]
            result["resources"] = resources
            if let requests = resources["requests"], requests.object?.isEmpty == false {
                result["allocatedResources"] = requests
            }
            let mounts = (container["volumeMounts"]?.array ?? []).map { mount in
                var shown: JSONValue = ["name": mount["name"] ?? "", "mountPath": mount["mountPath"] ?? ""]
                if mount["readOnly"]?.bool == true {
                    shown["readOnly"] = true
                    shown["recursiveReadOnly"] = "Disabled"
                }
                return shown
            }
            if !mounts.isEmpty { result["volumeMounts"] = .array(mounts) }
        }
        return .object(result)
    }

    private static func json(_ end: ContainerEnd) -> JSONValue {
        var result: JSONValue = [
            "exitCode": .integer(Int64(end.exitCode)), "reason": .string(end.reason),
            "startedAt": .string((end.startedAt ?? Timestamp(milliseconds: 0)).iso(fraction: 0, zone: "Z")),
            "finishedAt": .string(end.finishedAt.iso(fraction: 0, zone: "Z")), "containerID": .string(end.containerID),
        ]
        if let message = end.message, !message.isEmpty { result["message"] = .string(message) }
        return result
    }
}

/// The quality-of-service class.
enum QualityOfService {
    /// `Guaranteed`, `Burstable` or `BestEffort`.
    static func name(of pod: JSONValue) -> String {
        var isEmpty = true
        var isGuaranteed = true
        for container in pod.containers + pod.initContainers {
            for resource in ["cpu", "memory"] {
                let limit = container.at("resources", "limits", resource)?.string
                let request = container.at("resources", "requests", resource)?.string ?? limit
                if request != nil { isEmpty = false }
                if limit == nil || limit != request { isGuaranteed = false }
            }
        }
        return isEmpty ? "BestEffort" : isGuaranteed ? "Guaranteed" : "Burstable"
    }
}
