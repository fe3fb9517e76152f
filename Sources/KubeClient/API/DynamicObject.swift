public import JSON

/// An object of any kind, whose resource is known only at run time.
public struct DynamicObject: Sendable, Hashable {
    /// Its kind, as the API server names it.
    public let resource: Resource
    /// The whole object.
    public var raw: JSONValue

    /// An object of `resource`.
    public init(_ resource: Resource, raw: JSONValue) {
        self.resource = resource
        self.raw = raw
    }

    /// Its name.
    public var name: String { raw.at("metadata", "name")?.string ?? "" }
    /// Its namespace.
    public var namespace: String? { raw.at("metadata", "namespace")?.string }
    /// Its identity.
    public var uid: String { raw.at("metadata", "uid")?.string ?? "" }
    /// The version of this state.
    public var resourceVersion: String? { raw.at("metadata", "resourceVersion")?.string }
}
