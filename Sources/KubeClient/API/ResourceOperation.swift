/// What was asked of the API server, for messages: verb, resource, namespace and name.
public struct ResourceOperation: Sendable, Hashable, CustomStringConvertible {
    /// The verb as RBAC names it: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`.
    public let verb: String
    /// The kind; `nil` for a path that is none (`/version`).
    public let resource: Resource?
    /// The part of the object: `status`, `log`.
    public let subresource: String?
    /// The namespace.
    public let namespace: String?
    /// The name; `nil` where all are meant. For a path that is no resource, the path.
    public let name: String?

    /// An operation with the given parts.
    public init(
        verb: String, resource: Resource?, subresource: String? = nil, namespace: String? = nil, name: String? = nil
    ) {
        self.verb = verb
        self.resource = resource
        self.subresource = subresource
        self.namespace = namespace
        self.name = name
    }

    /// Whether the server may change something for it.
    public var isWrite: Bool { !["get", "list", "watch"].contains(verb) }

    /// The resource as RBAC names it: `pods/log`, `jobs.batch`.
    public var target: String {
        guard let resource else { return "" }
        guard let subresource else { return resource.description }
        let group = resource.group.isEmpty ? "" : ".\(resource.group)"
        return "\(resource.plural)/\(subresource)\(group)"
    }

    /// ``create jobs.batch `clearml/x` ``.
    public var description: String {
        var words = [verb]
        if resource != nil { words.append(target) }
        if let name {
            words.append("`" + ObjectKey(namespace: namespace, name: name).description + "`")
        } else if let namespace {
            words.append("in `\(namespace)`")
        }
        return words.joined(separator: " ")
    }
}
