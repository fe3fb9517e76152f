public import JSON

/// A ConfigMap.
public struct ConfigMap: KubernetesObject, Hashable {
    /// `v1` configmaps.
    public static var resource: Resource { .configMaps }
    /// The whole object.
    public var raw: JSONValue
    /// Wraps a tree.
    public init(raw: JSONValue) { self.raw = raw }

    /// The text values.
    public var data: [String: String] {
        get { raw["data"]?.stringMembers ?? [:] }
        set { raw["data"] = JSONValue(members: newValue) }
    }
}
