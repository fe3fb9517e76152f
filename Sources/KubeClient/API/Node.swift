public import JSON

/// A Node.
public struct Node: KubernetesObject, Hashable {
    /// `v1` nodes.
    public static var resource: Resource { .nodes }
    /// The whole object.
    public var raw: JSONValue
    /// Wraps a tree.
    public init(raw: JSONValue) { self.raw = raw }

    /// Whether its kubelet reports that it is well.
    public var isReady: Bool { condition("Ready")?.isTrue ?? false }
    /// Whether new pods are kept away by hand.
    public var isUnschedulable: Bool { raw.at("spec", "unschedulable")?.bool ?? false }
    /// The keys and effects of its taints.
    public var taints: [(key: String, effect: String)] {
        raw.at("spec", "taints")?.array?.map { ($0["key"]?.string ?? "", $0["effect"]?.string ?? "") } ?? []
    }
    /// Whether an operator has said that it is off for good, so that its pods are dead.
    public var isOutOfService: Bool { taints.contains { $0.key == "node.kubernetes.io/out-of-service" } }
    /// What pods may ask for, by resource name, as written: `nvidia.com/gpu` → `8`.
    public var allocatable: [String: String] { raw.at("status", "allocatable")?.stringMembers ?? [:] }
}
