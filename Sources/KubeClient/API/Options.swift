public import JSON

/// What to list.
public struct ListOptions: Sendable, Hashable {
    /// Objects with these labels.
    public var labels: LabelSelector
    /// Objects with these fields.
    public var fields: FieldSelector
    /// At most so many a page; `nil` gives all in one.
    public var limit: Int?
    /// The page that follows: what the page before it said.
    public var continueToken: String?
    /// Not older than, or exactly, this version; `nil` asks for the newest.
    public var resourceVersion: String?
    /// How `resourceVersion` is meant: `NotOlderThan`, `Exact`.
    public var resourceVersionMatch: String?

    /// Everything, newest, in one page, unless stated.
    public init(
        labels: LabelSelector = .everything, fields: FieldSelector = .everything, limit: Int? = nil,
        continueToken: String? = nil, resourceVersion: String? = nil, resourceVersionMatch: String? = nil
    ) {
        self.labels = labels
        self.fields = fields
        self.limit = limit
        self.continueToken = continueToken
        self.resourceVersion = resourceVersion
        self.resourceVersionMatch = resourceVersionMatch
    }

    var query: [(name: String, value: String)] {
        var query: [(name: String, value: String)] = []
        if !labels.requirements.isEmpty { query.append(("labelSelector", labels.description)) }
        if fields != .everything { query.append(("fieldSelector", fields.description)) }
        if let limit { query.append(("limit", String(limit))) }
        if let continueToken { query.append(("continue", continueToken)) }
        if let resourceVersion { query.append(("resourceVersion", resourceVersion)) }
        if let resourceVersionMatch { query.append(("resourceVersionMatch", resourceVersionMatch)) }
        return query
    }
}

/// What to watch, and for how long.
public struct WatchOptions: Sendable, Hashable {
    /// Objects with these labels.
    public var labels: LabelSelector
    /// Objects with these fields.
    public var fields: FieldSelector
    /// Changes after this version; `nil` begins with all objects as they are, at some recent version.
    public var resourceVersion: String?
    /// After how long the server ends the watch.
    public var timeout: Duration
    /// Whether the server shall say how far the version has gone, when nothing else is to be said.
    public var allowsBookmarks: Bool

    /// A watch of everything for 290 s with bookmarks, unless stated.
    public init(
        labels: LabelSelector = .everything, fields: FieldSelector = .everything, resourceVersion: String? = nil,
        timeout: Duration = .seconds(290), allowsBookmarks: Bool = true
    ) {
        self.labels = labels
        self.fields = fields
        self.resourceVersion = resourceVersion
        self.timeout = timeout
        self.allowsBookmarks = allowsBookmarks
    }

    var query: [(name: String, value: String)] {
        var query = ListOptions(labels: labels, fields: fields, resourceVersion: resourceVersion).query
        query.append(("watch", "true"))
        query.append(("timeoutSeconds", String(max(1, timeout.components.seconds))))
        if allowsBookmarks { query.append(("allowWatchBookmarks", "true")) }
        return query
    }
}

/// How to delete.
public struct DeleteOptions: Sendable, Hashable {
    /// What happens to the objects that belong to it.
    public enum Propagation: String, Sendable, Hashable {
        /// They go after it.
        case background = "Background"
        /// They go first; it waits.
        case foreground = "Foreground"
        /// They stay.
        case orphan = "Orphan"
    }

    /// Only the object with this identity; another is a conflict.
    public var uid: String?
    /// Only the object in this state; another is a conflict.
    public var resourceVersion: String?
    /// What happens to the objects that belong to it. The server's default for Jobs keeps their pods.
    public var propagation: Propagation?
    /// How long a pod has to end; `nil` as its spec says, 0 forgets it without waiting for its kubelet.
    public var gracePeriodSeconds: Int?
    /// Whether the server shall only check.
    public var dryRun: Bool

    /// An unconditional delete with the server's defaults, unless stated.
    public init(
        uid: String? = nil, resourceVersion: String? = nil, propagation: Propagation? = nil,
        gracePeriodSeconds: Int? = nil, dryRun: Bool = false
    ) {
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.propagation = propagation
        self.gracePeriodSeconds = gracePeriodSeconds
        self.dryRun = dryRun
    }

    var body: JSONValue {
        var body: JSONValue = ["apiVersion": "v1", "kind": "DeleteOptions"]
        if let gracePeriodSeconds { body["gracePeriodSeconds"] = .integer(Int64(gracePeriodSeconds)) }
        if let propagation { body["propagationPolicy"] = .string(propagation.rawValue) }
        if let uid { body.set(.string(uid), at: ["preconditions", "uid"]) }
        if let resourceVersion { body.set(.string(resourceVersion), at: ["preconditions", "resourceVersion"]) }
        if dryRun { body["dryRun"] = ["All"] }
        return body
    }
}

/// A change to an object.
public enum Patch: Sendable, Hashable {
    /// RFC 7396: the members given replace those there, `null` removes.
    case merge(JSONValue)
    /// RFC 6902: operations in order, all or none; a failing `test` refuses them all.
    case json([JSONValue])
    /// Kubernetes' own merge, where lists of named things are merged by name.
    case strategic(JSONValue)

    var contentType: String {
        switch self {
        case .merge: "application/merge-patch+json"
        case .json: "application/json-patch+json"
        case .strategic: "application/strategic-merge-patch+json"
        }
    }

    var body: JSONValue {
        switch self {
        case .merge(let value), .strategic(let value): value
        case .json(let operations): .array(operations)
        }
    }
}

/// How to patch.
public struct PatchOptions: Sendable, Hashable {
    /// The part to patch: `status`.
    public var subresource: String?
    /// Whether the server shall only check.
    public var dryRun: Bool

    /// The object itself, for good, unless stated.
    public init(subresource: String? = nil, dryRun: Bool = false) {
        self.subresource = subresource
        self.dryRun = dryRun
    }
}

/// Which part of a pod's output to read.
public struct LogOptions: Sendable, Hashable {
    /// The container; may be `nil` only when the pod has one.
    public var container: String?
    /// The last so many lines.
    public var tailLines: Int?
    /// At most so many bytes.
    public var limitBytes: Int?
    /// The container that ran before the present one.
    public var previous: Bool
    /// Whether each line begins with its time.
    public var timestamps: Bool

    /// At most 1 MiB of the present container's output, unless stated.
    public init(
        container: String? = nil, tailLines: Int? = nil, limitBytes: Int? = 1 << 20, previous: Bool = false,
        timestamps: Bool = false
    ) {
        self.container = container
        self.tailLines = tailLines
        self.limitBytes = limitBytes
        self.previous = previous
        self.timestamps = timestamps
    }

    var query: [(name: String, value: String)] {
        var query: [(name: String, value: String)] = []
        if let container { query.append(("container", container)) }
        if let tailLines { query.append(("tailLines", String(tailLines))) }
        if let limitBytes { query.append(("limitBytes", String(limitBytes))) }
        if previous { query.append(("previous", "true")) }
        if timestamps { query.append(("timestamps", "true")) }
        return query
    }
}
