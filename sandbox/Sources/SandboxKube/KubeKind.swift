/// One kind of object that the sandbox serves: its names and what may be done with it.
public struct KubeKind: Sendable {
    /// The API group; empty for the core group.
    public let group: String
    /// The version within the group.
    public let version: String
    /// `Pod`.
    public let kind: String
    /// `pods`.
    public let plural: String
    /// What people type: `po`.
    public let shortNames: [String]
    /// Whether objects live in a namespace.
    public let isNamespaced: Bool
    /// Whether `/status` is a resource of its own, written apart from the rest.
    public let hasStatus: Bool
    /// `all`, for what `kubectl get all` shows.
    let categories: [String]

    init(
        _ group: String, _ kind: String, _ plural: String, short: [String] = [], namespaced: Bool = true,
        status: Bool = false, categories: [String] = []
    ) {
        self.group = group
        self.version = "v1"
        self.kind = kind
        self.plural = plural
        self.shortNames = short
        self.isNamespaced = namespaced
        self.hasStatus = status
        self.categories = categories
    }

    /// `batch/v1`, or `v1` in the core group.
    public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
    /// `pod`.
    var singular: String { kind.lowercased() }
    /// `jobs.batch`, as messages name a resource.
    var qualifiedPlural: String { group.isEmpty ? plural : "\(plural).\(group)" }
    /// `Job.batch`, as messages name a kind.
    var qualifiedKind: String { group.isEmpty ? kind : "\(kind).\(group)" }

    /// Whether `metadata.generation` counts the changes of `spec`.
    var hasGeneration: Bool { self == .jobs || self == .pods }
}

extension KubeKind: Hashable {
    /// Equal when group and plural are.
    public static func == (left: KubeKind, right: KubeKind) -> Bool {
        left.plural == right.plural && left.group == right.group
    }

    /// The plural is almost unique.
    public func hash(into hasher: inout Hasher) { hasher.combine(plural) }
}

extension KubeKind {
    /// Namespaces.
    public static let namespaces = KubeKind(
        "", "Namespace", "namespaces", short: ["ns"], namespaced: false, status: true)
    /// Nodes.
    public static let nodes = KubeKind("", "Node", "nodes", short: ["no"], namespaced: false, status: true)
    /// Pods.
    public static let pods = KubeKind("", "Pod", "pods", short: ["po"], status: true, categories: ["all"])
    /// Secrets.
    public static let secrets = KubeKind("", "Secret", "secrets")
    /// Config maps.
    public static let configMaps = KubeKind("", "ConfigMap", "configmaps", short: ["cm"])
    /// Events, as the core group has them; `events.k8s.io` shows the same ones in its own form.
    public static let events = KubeKind("", "Event", "events", short: ["ev"])
    /// Service accounts.
    public static let serviceAccounts = KubeKind("", "ServiceAccount", "serviceaccounts", short: ["sa"])
    /// Claims to volumes.
    public static let persistentVolumeClaims = KubeKind(
        "", "PersistentVolumeClaim", "persistentvolumeclaims", short: ["pvc"], status: true)
    /// Services.
    public static let services = KubeKind("", "Service", "services", short: ["svc"], status: true, categories: ["all"])
    /// Quotas.
    public static let resourceQuotas = KubeKind("", "ResourceQuota", "resourcequotas", short: ["quota"], status: true)
    /// Jobs.
    public static let jobs = KubeKind("batch", "Job", "jobs", status: true, categories: ["all"])
    /// Leases.
    public static let leases = KubeKind("coordination.k8s.io", "Lease", "leases")
    /// Priority classes.
    public static let priorityClasses = KubeKind(
        "scheduling.k8s.io", "PriorityClass", "priorityclasses", short: ["pc"], namespaced: false)
    /// Disruption budgets: one whose `status.disruptionsAllowed` is 0 stands against evictions.
    public static let podDisruptionBudgets = KubeKind(
        "policy", "PodDisruptionBudget", "poddisruptionbudgets", short: ["pdb"], status: true)
    /// Roles of a namespace.
    public static let roles = KubeKind(rbac, "Role", "roles")
    /// Who has which role in a namespace.
    public static let roleBindings = KubeKind(rbac, "RoleBinding", "rolebindings")
    /// Roles of the cluster.
    public static let clusterRoles = KubeKind(rbac, "ClusterRole", "clusterroles", namespaced: false)
    /// Who has which role in the whole cluster.
    public static let clusterRoleBindings = KubeKind(
        rbac, "ClusterRoleBinding", "clusterrolebindings", namespaced: false)
    private static let rbac = "rbac.authorization.k8s.io"
    /// Events in the form of `events.k8s.io`; stored as `events`.
    static let newEvents = KubeKind("events.k8s.io", "Event", "events", short: ["ev"])

    /// All that is served.
    static let all: [KubeKind] = [
        .configMaps, .events, .namespaces, .nodes, .persistentVolumeClaims, .pods, .resourceQuotas, .secrets,
        .serviceAccounts, .services, .jobs, .leases, .newEvents, .podDisruptionBudgets,
        .priorityClasses, .roles, .roleBindings, .clusterRoles, .clusterRoleBindings,
    ]

    /// The kind that is served under this group and plural.
    static func find(group: String, plural: String) -> KubeKind? {
        all.first { $0.plural == plural && $0.group == group }
    }

    /// The kind under which objects of this one are stored.
    var stored: KubeKind { self == .newEvents ? .events : self }
}
