public import JSON
public import OS

/// An object of the cluster: a struct around its JSON tree, so that fields this project does not know survive a
/// read and a write.
public protocol KubernetesObject: Sendable {
    /// The kind, as the API server names it.
    static var resource: Resource { get }
    /// The whole object.
    var raw: JSONValue { get set }
    /// Wraps a tree; nothing is checked, absent fields read as `nil`.
    init(raw: JSONValue)
}

extension KubernetesObject {
    /// A new object with `apiVersion`, `kind` and the given metadata.
    public init(
        name: String, namespace: String? = nil, labels: [String: String] = [:], annotations: [String: String] = [:]
    ) {
        let resource = Self.resource
        self.init(raw: ["apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind), "metadata": [:]])
        self.name = name
        if let namespace { self.namespace = namespace }
        if !labels.isEmpty { self.labels = labels }
        if !annotations.isEmpty { self.annotations = annotations }
    }

    /// `metadata`.
    public var metadata: JSONValue {
        get { raw["metadata"] ?? [:] }
        set { raw["metadata"] = newValue }
    }

    /// `spec`.
    public var spec: JSONValue? {
        get { raw["spec"] }
        set { raw["spec"] = newValue }
    }

    /// `status`, as JSON; the typed accessors of each kind read it.
    public var rawStatus: JSONValue? {
        get { raw["status"] }
        set { raw["status"] = newValue }
    }

    /// Namespace and name.
    public var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }

    /// The name; empty while the server has not made one out of `generateName`.
    public var name: String {
        get { metadata["name"]?.string ?? "" }
        set { raw.set(.string(newValue), at: ["metadata", "name"]) }
    }

    /// The prefix that the server makes a name of.
    public var generateName: String? {
        get { metadata["generateName"]?.string }
        set { raw.set(newValue.map(JSONValue.string), at: ["metadata", "generateName"]) }
    }

    /// The namespace.
    public var namespace: String? {
        get { metadata["namespace"]?.string }
        set { raw.set(newValue.map(JSONValue.string), at: ["metadata", "namespace"]) }
    }

    /// The identity: a second object of the same name has another.
    public var uid: String { metadata["uid"]?.string ?? "" }

    /// The version of this state; opaque, compared for equality only.
    public var resourceVersion: String? {
        get { metadata["resourceVersion"]?.string }
        set { raw.set(newValue.map(JSONValue.string), at: ["metadata", "resourceVersion"]) }
    }

    /// The labels.
    public var labels: [String: String] {
        get { metadata["labels"]?.stringMembers ?? [:] }
        set { raw.set(JSONValue(members: newValue), at: ["metadata", "labels"]) }
    }

    /// The annotations.
    public var annotations: [String: String] {
        get { metadata["annotations"]?.stringMembers ?? [:] }
        set { raw.set(JSONValue(members: newValue), at: ["metadata", "annotations"]) }
    }

    /// The finalizers: while one is there, a deleted object stays.
    public var finalizers: [String] {
        get { metadata["finalizers"]?.array?.compactMap(\.string) ?? [] }
        set { raw.set(.array(newValue.map(JSONValue.string)), at: ["metadata", "finalizers"]) }
    }

    /// When the server made it.
    public var creationTimestamp: Timestamp? { metadata["creationTimestamp"]?.timestamp }
    /// When it is to be gone: it has been deleted, and waits for its grace or its finalizers.
    public var deletionTimestamp: Timestamp? { metadata["deletionTimestamp"]?.timestamp }
    /// Whether somebody has deleted it.
    public var isDeleting: Bool { metadata["deletionTimestamp"]?.string != nil }

    /// Drops the record of who set which field: often half of an object, and nobody here reads it.
    public mutating func dropManagedFields() {
        if metadata["managedFields"] != nil { raw.set(nil, at: ["metadata", "managedFields"]) }
    }

    /// Whom it belongs to.
    public var ownerReferences: [OwnerReference] {
        get { metadata["ownerReferences"]?.array?.map(OwnerReference.init(raw:)) ?? [] }
        set { raw.set(.array(newValue.map(\.raw)), at: ["metadata", "ownerReferences"]) }
    }

    /// The owner that controls it, of several.
    public var controller: OwnerReference? { ownerReferences.first { $0.isController } }
}

/// One entry of `metadata.ownerReferences`.
public struct OwnerReference: Sendable, Hashable {
    /// The entry.
    public var raw: JSONValue

    /// Wraps an entry.
    public init(raw: JSONValue) { self.raw = raw }

    /// A reference to `owner`, as its controller unless stated otherwise.
    public init(to owner: some KubernetesObject, isController: Bool = true) {
        let resource = type(of: owner).resource
        raw = [
            "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind), "name": .string(owner.name),
            "uid": .string(owner.uid), "controller": .bool(isController),
        ]
    }

    /// The owner's kind.
    public var kind: String { raw["kind"]?.string ?? "" }
    /// The owner's name.
    public var name: String { raw["name"]?.string ?? "" }
    /// The owner's identity.
    public var uid: String { raw["uid"]?.string ?? "" }
    /// Whether it is the one that controls.
    public var isController: Bool { raw["controller"]?.bool ?? false }
}
