public import JSON
public import OS

/// A pod, read through accessors that never fail: absent is `nil` or empty.
public struct Pod: KubernetesObject, Hashable {
    /// `v1` pods.
    public static var resource: Resource { .pods }
    /// The whole pod.
    public var raw: JSONValue
    /// Wraps a tree.
    public init(raw: JSONValue) { self.raw = raw }

    /// Where a pod stands, as the API server says.
    public enum Phase: String, Sendable, Hashable {
        case pending = "Pending"
        case running = "Running"
        case succeeded = "Succeeded"
        case failed = "Failed"
        case unknown = "Unknown"

        /// Whether the kubelet will start nothing more in it.
        public var isTerminal: Bool { self == .succeeded || self == .failed }
    }

    /// The phase; a pod the server has just made is pending.
    public var phase: Phase { raw.at("status", "phase")?.string.flatMap(Phase.init(rawValue:)) ?? .pending }
    /// Why the pod as a whole is as it is: `Evicted`, `DeadlineExceeded` …
    public var reason: String? { raw.at("status", "reason")?.string }
    /// The same for people.
    public var message: String? { raw.at("status", "message")?.string }
    /// The node it was given to.
    public var nodeName: String? { raw.at("spec", "nodeName")?.string }
    /// The node whose scheduler means to make room for it.
    public var nominatedNodeName: String? { raw.at("status", "nominatedNodeName")?.string }
    /// Its first address.
    public var podIP: String? { raw.at("status", "podIP")?.string }
    /// The address of its node.
    public var hostIP: String? { raw.at("status", "hostIP")?.string }
    /// When its kubelet took it.
    public var startTime: Timestamp? { raw.at("status", "startTime")?.timestamp }
    /// Its quality of service class.
    public var qosClass: String? { raw.at("status", "qosClass")?.string }
    /// The scheduler that has to place it.
    public var schedulerName: String? { raw.at("spec", "schedulerName")?.string }
    /// `spec.schedulingGates`, by name: while one is there, no scheduler looks at the pod.
    public var schedulingGates: [String] {
        raw.at("spec", "schedulingGates")?.array?.compactMap { $0["name"]?.string } ?? []
    }

    /// The containers of the spec.
    public var containers: [JSONValue] { raw.at("spec", "containers")?.array ?? [] }
    /// The init containers of the spec, restartable ones (sidecars) included.
    public var initContainers: [JSONValue] { raw.at("spec", "initContainers")?.array ?? [] }

    /// The state of the containers.
    public var containerStatuses: [ContainerStatus] { statuses("containerStatuses") }
    /// The state of the init containers.
    public var initContainerStatuses: [ContainerStatus] { statuses("initContainerStatuses") }
    /// The state of containers added to a living pod.
    public var ephemeralContainerStatuses: [ContainerStatus] { statuses("ephemeralContainerStatuses") }

    private func statuses(_ field: String) -> [ContainerStatus] {
        raw.at("status", field)?.array?.map(ContainerStatus.init(raw:)) ?? []
    }
}
