public import JSON
public import OS

/// What a sandbox cluster is made of: who may do what, its clock, its identities and its limits.
public struct KubeConfiguration: Sendable {
    /// Bearer token → who it is.
    public var tokens: [String: KubeIdentity]
    /// The version that `/version` names.
    public var version = "v1.36.0+sandbox"
    /// Wall time, for stamps and for the controllers' deadlines.
    public var now: @Sendable () -> Timestamp = Timestamp.now
    /// Makes uids.
    public var makeID: @Sendable () -> String = { KubeConfiguration.randomUID() }
    /// Makes the last part of generated names.
    public var makeSuffix: @Sendable () -> String = { KubeConfiguration.randomSuffix() }
    /// How many changes a watch can go back at least; twice as many are kept at most.
    public var historyLimit = 5000
    /// How many changes may wait for a slow watcher before its watch is ended.
    public var watchQueueLimit = 10_000
    /// Whether a watch of a forgotten version is refused with 410; else it opens and says so in an ERROR event, as
    /// the API server does.
    public var refusesExpiredWatches = false
    /// How often a watch that allows it is told the newest resource version.
    public var bookmarkInterval = Duration.seconds(10)
    /// How long a watch lasts that does not say.
    public var watchTimeout = Duration.seconds(1800)
    /// The first wait of a Job after a failed pod; doubles with each.
    public var podFailureBackoff = Duration.seconds(10)
    /// How long events are kept.
    public var eventLifetime = Duration.seconds(3600)
    /// The largest body of a request.
    public var bodyLimit = 3_145_728
    /// The name of the one node.
    public var nodeName = "sandbox"
    /// What the node has for pods: `cpu`, `memory`, `pods`, `nvidia.com/gpu` …
    public var nodeCapacity: [String: String] = ["cpu": "8", "memory": "16Gi", "pods": "110"]
    /// Looks at each object before it is stored; what it throws is the answer. Stands in for admission webhooks and
    /// for faults in tests. `warnings` it returns become `Warning` headers.
    public var admission: (@Sendable (KubeAdmission) -> KubeAdmissionAnswer)?

    /// A cluster that knows these tokens.
    public init(tokens: [String: KubeIdentity] = [:]) { self.tokens = tokens }

    static func randomUID() -> String {
        let hex = Array(randomHex(bytes: 16))
        var text = ""
        for (place, digit) in hex.enumerated() {
            if [8, 12, 16, 20].contains(place) { text.append("-") }
            text.append(place == 12 ? "4" : place == 16 ? "a" : digit)
        }
        return text
    }

    /// Letters and digits that spell no words, as the API server has them.
    static func randomSuffix() -> String {
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
        var generator = SystemRandomNumberGenerator()
        return String((0..<5).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
    }
}

/// A write that admission may refuse.
public struct KubeAdmission: Sendable {
    /// `create` or `update`.
    public let operation: String
    /// Of what.
    public let kind: KubeKind
    /// The object, with its defaults.
    public let object: JSONValue
}

/// What admission says.
public enum KubeAdmissionAnswer: Sendable {
    /// Yes, perhaps with warnings.
    case allowed(warnings: [String] = [])
    /// No.
    case refused(KubeRefusal)
}

/// Who a token is and what it may do.
public struct KubeIdentity: Sendable {
    /// The user's name.
    public var user: String
    /// Its groups.
    public var groups: [String]
    /// What it may do; one rule that fits is enough.
    public var rules: [KubeRule]

    /// An identity with the given parts.
    public init(user: String, groups: [String] = ["system:authenticated"], rules: [KubeRule]) {
        self.user = user
        self.groups = groups
        self.rules = rules
    }

    /// One that may do everything.
    public static func administrator(_ user: String = "sandbox-admin") -> KubeIdentity {
        KubeIdentity(user: user, groups: ["system:masters", "system:authenticated"], rules: [.everything])
    }

    func allows(verb: String, group: String, resource: String, namespace: String, name: String) -> Bool {
        rules.contains {
            $0.allows(verb: verb, group: group, resource: resource, namespace: namespace, name: name)
        }
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
