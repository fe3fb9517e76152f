/// Who a token is and what it may do.
public struct KubeIdentity: Sendable {
    /// The user's name.
    public var user: String
    /// Its groups.
    public var groups: [String]
    /// What it may do; one rule that fits is enough.
    public var rules: [KubeRule]
    /// What it may not do although a rule fits. RBAC knows no such thing; it shortens "everything but".
    public var exceptions: [KubeRule]

    /// An identity with the given parts.
    public init(
        user: String, groups: [String] = ["system:authenticated"], rules: [KubeRule], exceptions: [KubeRule] = []
    ) {
        self.user = user
        self.groups = groups
        self.rules = rules
        self.exceptions = exceptions
    }

    /// One that may do everything.
    public static func administrator(_ user: String = "sandbox-admin") -> KubeIdentity {
        KubeIdentity(user: user, groups: ["system:masters", "system:authenticated"], rules: [.everything])
    }

    func allows(verb: String, group: String, resource: String, namespace: String, name: String) -> Bool {
        func fits(_ rule: KubeRule) -> Bool {
            rule.allows(verb: verb, group: group, resource: resource, namespace: namespace, name: name)
        }
        return rules.contains(where: fits) && !exceptions.contains(where: fits)
    }
}

/// A rule of RBAC, bound in one namespace or in all. `*` fits everything.
public struct KubeRule: Sendable {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    public var verbs: Set<String>
    /// API groups; the core group is the empty string.
    public var groups: Set<String>
    /// Plurals, with subresources as `pods/log`.
    public var resources: Set<String>
    /// Names; empty fits all.
    public var names: Set<String>
    /// The namespace it is bound in; `nil` for the whole cluster.
    public var namespace: String?

    /// A rule with the given parts.
    public init(
        verbs: Set<String>, groups: Set<String> = ["*"], resources: Set<String>, names: Set<String> = [],
        namespace: String? = nil
    ) {
        self.verbs = verbs
        self.groups = groups
        self.resources = resources
        self.names = names
        self.namespace = namespace
    }

    /// Fits everything.
    public static let everything = KubeRule(verbs: ["*"], resources: ["*"])

    func allows(verb: String, group: String, resource: String, namespace: String, name: String) -> Bool {
        guard verbs.contains("*") || verbs.contains(verb), groups.contains("*") || groups.contains(group),
            resources.contains("*") || resources.contains(resource)
        else { return false }
        if let bound = self.namespace, bound != namespace { return false }
        return names.isEmpty || names.contains(name)
    }
}
