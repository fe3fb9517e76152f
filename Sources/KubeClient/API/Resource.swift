/// One kind of object as the API server names it: its group, version, plural and scope.
///
/// The kinds this project uses are constants; any other is made with the memberwise initialiser.
public struct Resource: Sendable, Hashable, CustomStringConvertible {
    /// The API group; empty for the core group.
    public let group: String
    /// The version within the group: `v1`.
    public let version: String
    /// The kind, as it stands in an object: `Pod`.
    public let kind: String
    /// The name in URLs: `pods`.
    public let plural: String
    /// Whether objects live in a namespace.
    public let isNamespaced: Bool

    /// A resource with the given names.
    public init(group: String = "", version: String = "v1", kind: String, plural: String, isNamespaced: Bool = true) {
        self.group = group
        self.version = version
        self.kind = kind
        self.plural = plural
        self.isNamespaced = isNamespaced
    }

    /// What stands in an object's `apiVersion`: `v1`, `batch/v1`.
    public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// `pods`, `jobs.batch`: the way RBAC and `kubectl` name it.
    public var description: String { group.isEmpty ? plural : "\(plural).\(group)" }

    /// The path above all objects of the kind, without a namespace: `/api/v1`, `/apis/batch/v1`.
    var root: String { group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)" }
}

extension Resource {
    /// `v1` Pod.
    public static let pods = Resource(kind: "Pod", plural: "pods")
    /// `batch/v1` Job.
    public static let jobs = Resource(group: "batch", kind: "Job", plural: "jobs")
    /// `v1` Event.
    public static let events = Resource(kind: "Event", plural: "events")
    /// `v1` Secret.
    public static let secrets = Resource(kind: "Secret", plural: "secrets")
    /// `v1` ConfigMap.
    public static let configMaps = Resource(kind: "ConfigMap", plural: "configmaps")
    /// `coordination.k8s.io/v1` Lease.
    public static let leases = Resource(group: "coordination.k8s.io", kind: "Lease", plural: "leases")
    /// `v1` Namespace.
    public static let namespaces = Resource(kind: "Namespace", plural: "namespaces", isNamespaced: false)
    /// `v1` Node.
    public static let nodes = Resource(kind: "Node", plural: "nodes", isNamespaced: false)
    /// `v1` ServiceAccount.
    public static let serviceAccounts = Resource(kind: "ServiceAccount", plural: "serviceaccounts")
    /// `authorization.k8s.io/v1` SelfSubjectAccessReview: what the caller itself may do.
    public static let selfSubjectAccessReviews = Resource(
        group: "authorization.k8s.io", kind: "SelfSubjectAccessReview", plural: "selfsubjectaccessreviews",
        isNamespaced: false)
}

/// The name of one object among those of its kind.
public struct ObjectKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The namespace; `nil` for a kind that has none.
    public let namespace: String?
    /// The name.
    public let name: String

    /// The key of `name` in `namespace`.
    public init(namespace: String?, name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// By namespace, then by name.
    public static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        (left.namespace ?? "", left.name) < (right.namespace ?? "", right.name)
    }

    /// `namespace/name`, or the name alone.
    public var description: String { namespace.map { "\($0)/\(name)" } ?? name }
}
