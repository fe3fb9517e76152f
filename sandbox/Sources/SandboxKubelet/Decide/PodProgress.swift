internal import JSON
internal import OS

/// How a container ended.
struct ContainerEnd: Sendable, Equatable {
    var exitCode: Int32
    var reason: String
    var message: String?
    /// `nil`: it never ran.
    var startedAt: Timestamp?
    var finishedAt: Timestamp
    var containerID: String
}

/// Where one container stands.
struct ContainerProgress: Sendable, Equatable {
    enum State: Sendable, Equatable {
        case waiting(reason: String, message: String?)
        case running(since: Timestamp)
        case terminated(ContainerEnd)
    }

    var state: State
    var last: ContainerEnd?
    var restarts = 0
    var containerID: String?
    var imageID: String?
    /// It has ended and will not be started again.
    var isFinal = false

    var end: ContainerEnd? { if case .terminated(let end) = state { end } else { nil } }
    var isRunning: Bool { if case .running = state { true } else { false } }
}

/// Where a pod stands: what the kubelet knows, before it is written as a status.
struct PodProgress: Sendable, Equatable {
    /// By container name.
    var inits: [String: ContainerProgress] = [:]
    /// By container name.
    var mains: [String: ContainerProgress] = [:]
    var startTime: Timestamp
    /// Volumes are there and containers may be made.
    var sandboxReady = false
    /// Why the kubelet ended the pod: `DeadlineExceeded`, `Evicted`.
    var reason: String?
    var message: String?
    /// It was deleted: whatever has not ended never will.
    var isAbandoned = false
    /// A condition of the kubelet's own: it ended the pod.
    var disruption: String?

    /// A pod that has just been accepted.
    init(pod: JSONValue, startTime: Timestamp) {
        self.startTime = startTime
        let waiting = pod.initContainers.isEmpty ? "ContainerCreating" : "PodInitializing"
        for container in pod.initContainers {
            inits[container.containerName] = ContainerProgress(state: .waiting(reason: waiting, message: nil))
        }
        for container in pod.containers {
            mains[container.containerName] = ContainerProgress(state: .waiting(reason: waiting, message: nil))
        }
    }

    subscript(name: String) -> ContainerProgress? {
        get { mains[name] ?? inits[name] }
        set { if mains[name] != nil { mains[name] = newValue } else { inits[name] = newValue } }
    }

    /// Whether the init container has done its part: ended with 0, or is a sidecar that runs.
    func isInitialized(_ container: JSONValue) -> Bool {
        guard let progress = inits[container.containerName] else { return false }
        if container.isSidecar { return progress.isRunning || progress.isFinal || progress.last != nil }
        return progress.end?.exitCode == 0
    }

    /// The pod's phase.
    func phase(of pod: JSONValue) -> String {
        if reason != nil { return "Failed" }
        if pod.initContainers.contains(where: { container in
            guard !container.isSidecar, let progress = inits[container.containerName] else { return false }
            return progress.isFinal && progress.end?.exitCode != 0
        }) {
            return "Failed"
        }
        let isInitialized = pod.initContainers.allSatisfy(isInitialized)
        if isInitialized, mains.values.allSatisfy(\.isFinal) {
            return mains.values.allSatisfy { $0.end?.exitCode == 0 } ? "Succeeded" : "Failed"
        }
        if isAbandoned { return mains.values.allSatisfy { $0.end?.exitCode == 0 } ? "Succeeded" : "Failed" }
        guard isInitialized else { return "Pending" }
        let hasStarted = mains.values.allSatisfy { $0.isRunning || $0.end != nil || $0.last != nil }
        return hasStarted ? "Running" : "Pending"
    }
}
