public import JSON

/// A Namespace.
public struct Namespace: KubernetesObject, Hashable {
    /// `v1` namespaces.
    public static var resource: Resource { .namespaces }
    /// The whole object.
    public var raw: JSONValue
    /// Wraps a tree.
    public init(raw: JSONValue) { self.raw = raw }

    /// Whether it has been deleted and its content is going.
    public var isTerminating: Bool { isDeleting || raw.at("status", "phase")?.string == "Terminating" }
}
