public import JSON
public import OS

/// A Lease: who holds something, and until when.
public struct Lease: KubernetesObject, Hashable {
    /// `coordination.k8s.io/v1` leases.
    public static var resource: Resource { .leases }
    /// The whole object.
    public var raw: JSONValue
    /// Wraps a tree.
    public init(raw: JSONValue) { self.raw = raw }

    /// Who holds it.
    public var holderIdentity: String? {
        get { raw.at("spec", "holderIdentity")?.string }
        set { raw.set(newValue.map(JSONValue.string), at: ["spec", "holderIdentity"]) }
    }
    /// For how long after a renewal it is held.
    public var duration: Duration? {
        raw.at("spec", "leaseDurationSeconds")?.integer.map { .seconds($0) }
    }
    /// When it was renewed last.
    public var renewTime: Timestamp? { raw.at("spec", "renewTime")?.timestamp }
    /// When its holder got it.
    public var acquireTime: Timestamp? { raw.at("spec", "acquireTime")?.timestamp }
}
