public import JSON
public import OS

/// What a kubelet says about one container.
public struct ContainerStatus: Sendable, Hashable {
    /// The entry of `containerStatuses`.
    public let raw: JSONValue

    /// Wraps an entry.
    public init(raw: JSONValue) { self.raw = raw }

    /// The container's name.
    public var name: String { raw["name"]?.string ?? "" }
    /// Whether it passes its readiness probe.
    public var isReady: Bool { raw["ready"]?.bool ?? false }
    /// Whether it passed its startup probe.
    public var isStarted: Bool { raw["started"]?.bool ?? false }
    /// How often it was started again.
    public var restartCount: Int { raw["restartCount"]?.int ?? 0 }
    /// The image, as the kubelet names it.
    public var image: String { raw["image"]?.string ?? "" }
    /// The image's digest, once pulled.
    public var imageID: String { raw["imageID"]?.string ?? "" }
    /// The runtime's name of it.
    public var containerID: String? { raw["containerID"]?.string }
    /// What it does now; a container of which nothing is known waits.
    public var state: ContainerState { ContainerState(raw: raw["state"] ?? [:]) ?? .waiting(reason: nil, message: nil) }
    /// How its run before this one ended.
    public var lastState: ContainerState? { ContainerState(raw: raw["lastState"] ?? [:]) }
}

/// What a container does.
public enum ContainerState: Sendable, Hashable {
    /// It has not begun: its image is pulled, or the kubelet waits before the next try.
    case waiting(reason: String?, message: String?)
    /// It runs.
    case running(startedAt: Timestamp?)
    /// It has ended.
    case terminated(Termination)

    /// Reads `state` or `lastState`; `nil` when it says nothing.
    public init?(raw: JSONValue) {
        if let terminated = raw["terminated"], terminated.object != nil {
            self = .terminated(Termination(raw: terminated))
        } else if let running = raw["running"], running.object != nil {
            self = .running(startedAt: running["startedAt"]?.timestamp)
        } else if let waiting = raw["waiting"], waiting.object != nil {
            self = .waiting(reason: waiting["reason"]?.string, message: waiting["message"]?.string)
        } else {
            return nil
        }
    }

    /// The end, if it has ended.
    public var termination: Termination? { if case .terminated(let value) = self { value } else { nil } }
    /// Whether it runs.
    public var isRunning: Bool { if case .running = self { true } else { false } }
    /// Why it waits, if it does and the kubelet says so.
    public var waitingReason: String? { if case .waiting(let reason, _) = self { reason } else { nil } }
}

/// How a container ended.
public struct Termination: Sendable, Hashable {
    /// The `terminated` object.
    public let raw: JSONValue

    /// Wraps a `terminated` object.
    public init(raw: JSONValue) { self.raw = raw }

    /// The exit status; 128 + n for one ended by signal n.
    public var exitCode: Int { raw["exitCode"]?.int ?? 0 }
    /// The signal, where the runtime says so.
    public var signal: Int? { raw["signal"]?.int }
    /// Why, in one word: `Error`, `OOMKilled`, `Completed` …
    public var reason: String? { raw["reason"]?.string }
    /// The termination message: what the container wrote, or its last lines.
    public var message: String? { raw["message"]?.string }
    /// When it began.
    public var startedAt: Timestamp? { raw["startedAt"]?.timestamp }
    /// When it ended.
    public var finishedAt: Timestamp? { raw["finishedAt"]?.timestamp }
    /// The runtime's name of it.
    public var containerID: String? { raw["containerID"]?.string }
}
