import Handoff
import JSON

/// Everything about one pod that a decision needs, read once: every container, init and sidecar included,
/// every condition. Pure: from the object to facts, no judgement.
struct PodReading: Sendable, Equatable {
    /// What one container does.
    enum ContainerState: Sendable, Equatable {
        case unknown
        case waiting(reason: String, message: String)
        case running
        case terminated(exit: Int32, signal: Int32?, reason: String, message: String)
    }

    /// One container as the kubelet reports it.
    struct Container: Sendable, Equatable {
        var name: String
        var state: ContainerState
        var restarts: Int
        var image: String
        var memoryLimit: String?
        var isSidecar: Bool
    }

    /// A condition of type DisruptionTarget with status True.
    struct Disruption: Sendable, Equatable {
        var reason: String
        var message: String
    }

    var name: String
    var uid: String
    var node: String?
    var phase: String
    /// `status.reason` and `status.message`: Evicted, DeadlineExceeded, OutOfcpu …
    var reason: String
    var message: String
    var isDeleting: Bool
    var task: Container
    var others: [Container]
    var initContainers: [Container]
    var disruption: Disruption?
    /// Why the scheduler has not bound the pod: the PodScheduled condition, when False.
    var unscheduled: (reason: String, message: String)?
    var scheduledConditionPresent: Bool

    /// Its kubelet (or the pod garbage collector, for a node that is gone) says that nothing of it runs any more.
    var isTerminal: Bool { phase == "Succeeded" || phase == "Failed" }

    /// Whether the task container may ever have run. `false` is certain: no executor of this pod took a token.
    var taskMayHaveStarted: Bool {
        if task.restarts > 0 { return true }
        switch task.state {
        case .running: return true
        case .terminated(_, _, let reason, _): return reason != "StartError" && reason != "ContainerCannotRun"
        case .waiting, .unknown:
            return phase == "Running" || phase == "Unknown" || (isTerminal && node != nil && reason.isEmpty)
        }
    }

    /// The executor's own word, if it left one.
    var verdict: Verdict? {
        if case .terminated(_, _, _, let message) = task.state { Verdict(decoding: message) } else { nil }
    }

    static func == (left: PodReading, right: PodReading) -> Bool {
        left.uid == right.uid && left.phase == right.phase && left.reason == right.reason
            && left.message == right.message
            && left.isDeleting == right.isDeleting && left.task == right.task && left.others == right.others
            && left.initContainers == right.initContainers && left.disruption == right.disruption
            && left.node == right.node && left.unscheduled?.message == right.unscheduled?.message
    }
}

extension PodReading {
    /// Reads a `v1` Pod.
    init(_ pod: JSONValue) {
        let spec = pod["spec"] ?? .null
        let status = pod["status"] ?? .null
        name = pod.at("metadata", "name")?.string ?? ""
        uid = pod.at("metadata", "uid")?.string ?? ""
        node = spec["nodeName"]?.string
        phase = status["phase"]?.string ?? "Pending"
        reason = status["reason"]?.string ?? ""
        message = status["message"]?.string ?? ""
        isDeleting = pod.at("metadata", "deletionTimestamp")?.string != nil

        let statuses = (status["containerStatuses"]?.array ?? []) + (status["initContainerStatuses"]?.array ?? [])
        func container(_ spec: JSONValue) -> Container {
            let name = spec["name"]?.string ?? ""
            let status = statuses.first { $0["name"]?.string == name }
            return Container(
                name: name, state: Self.state(status?["state"]), restarts: status?["restartCount"]?.int ?? 0,
                image: spec["image"]?.string ?? "", memoryLimit: spec.at("resources", "limits", "memory")?.string,
                isSidecar: spec["restartPolicy"]?.string == "Always")
        }
        let containers = spec["containers"]?.array ?? []
        let taskIndex = containers.firstIndex(where: Self.holdsTask) ?? 0
        task =
            containers.indices.contains(taskIndex)
            ? container(containers[taskIndex]) : container(.null)
        others = containers.indices.filter { $0 != taskIndex }.map { container(containers[$0]) }
        initContainers = (spec["initContainers"]?.array ?? []).map(container)

        let conditions = status["conditions"]?.array ?? []
        func condition(_ type: String) -> JSONValue? { conditions.first { $0["type"]?.string == type } }
        disruption = condition("DisruptionTarget").flatMap { found in
            guard found["status"]?.string == "True" else { return nil }
            return Disruption(reason: found["reason"]?.string ?? "", message: found["message"]?.string ?? "")
        }
        let scheduled = condition("PodScheduled")
        scheduledConditionPresent = scheduled != nil
        unscheduled = scheduled.flatMap { found in
            guard found["status"]?.string == "False" else { return nil }
            return (found["reason"]?.string ?? "", found["message"]?.string ?? "")
        }
    }

    /// The container that glue gave the task's id is the task's.
    private static func holdsTask(_ container: JSONValue) -> Bool {
        (container["env"]?.array ?? []).contains { $0["name"]?.string == Handoff.Variable.taskID }
    }

    private static func state(_ state: JSONValue?) -> ContainerState {
        if let terminated = state?["terminated"] {
            let code = Int32(clamping: terminated["exitCode"]?.integer ?? 0)
            return .terminated(
                exit: code, signal: terminated["signal"]?.integer.map { Int32(clamping: $0) },
                reason: terminated["reason"]?.string ?? "", message: terminated["message"]?.string ?? "")
        }
        if state?["running"] != nil { return .running }
        if let waiting = state?["waiting"] {
            return .waiting(reason: waiting["reason"]?.string ?? "", message: waiting["message"]?.string ?? "")
        }
        return .unknown
    }
}
