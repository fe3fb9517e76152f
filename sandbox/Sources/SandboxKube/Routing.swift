import HTTP
import JSON

/// A request for objects: what, where, and by whom.
struct ResourceRequest: Sendable {
    var kind: KubeKind
    var namespace: String
    var name: String
    var subresource: String
    var target: RequestTarget
    var identity: KubeIdentity
    var http: HTTPRequest

    /// The namespace to look in; `nil` for all.
    var scopeNamespace: String? { kind.isNamespaced && !namespace.isEmpty ? namespace : nil }
    /// Where the object is stored.
    var key: ObjectKey {
        ObjectKey(kind: kind.stored, namespace: kind.isNamespaced ? namespace : "", name: name)
    }
    var isWatch: Bool { target.isSet("watch") }

    var verb: String {
        switch http.method {
        case .get, .head: name.isEmpty ? (isWatch ? "watch" : "list") : "get"
        case .post: "create"
        case .put: "update"
        case .patch: "patch"
        case .delete: name.isEmpty ? "deletecollection" : "delete"
        }
    }
}

extension KubeSandbox {
    func answer(_ request: HTTPRequest) async throws(KubeRefusal) -> KubeReply {
        let target = RequestTarget(request.url)
        if let body = request.body, body.count > configuration.bodyLimit {
            throw .tooLarge(limit: configuration.bodyLimit)
        }
        if let page = health(target) { return .whole(page) }
        let identity = try authenticate(request)
        if let page = discovery(target) { return .whole(page) }
        if let review = try review(request, target, identity) { return .whole(review) }
        guard let resource = Self.resource(target, request, identity) else { throw .pageNotFound }
        try authorize(resource)
        try checkAccept(request)
        return try await serve(resource)
    }

    private func health(_ target: RequestTarget) -> HTTPResponse? {
        switch target.path {
        case "/healthz", "/livez", "/readyz": Response.text("ok")
        case "/version": Response.json(Discovery.version(configuration.version))
        default: nil
        }
    }

    private func authenticate(_ request: HTTPRequest) throws(KubeRefusal) -> KubeIdentity {
        let header = request.headers["Authorization"] ?? ""
        let scheme = "bearer "
        guard header.lowercased().hasPrefix(scheme) else { throw .unauthorized }
        let token = String(header.dropFirst(scheme.count))
        guard let identity = try withState({ state throws(KubeRefusal) in state.identity(token: token) }) else {
            throw .unauthorized
        }
        return identity
    }

    private static func resource(
        _ target: RequestTarget, _ request: HTTPRequest, _ identity: KubeIdentity
    ) -> ResourceRequest? {
        var parts = target.parts[...]
        let group: String
        if parts.first == "api", parts.dropFirst().first == "v1" {
            group = ""
            parts = parts.dropFirst(2)
        } else if parts.first == "apis", parts.count >= 4, parts[2] == "v1" {
            group = parts[1]
            parts = parts.dropFirst(3)
        } else {
            return nil
        }
        var namespace = ""
        // `namespaces/x/pods` is about pods; `namespaces/x` and `namespaces/x/status` are about the namespace.
        if parts.first == "namespaces", parts.count >= 3, let third = parts.dropFirst(2).first,
            !(group.isEmpty && ["status", "finalize"].contains(third))
        {
            namespace = parts[parts.startIndex + 1]
            parts = parts.dropFirst(2)
        }
        guard let plural = parts.first, let kind = KubeKind.find(group: group, plural: plural), parts.count <= 3,
            kind.isNamespaced || namespace.isEmpty
        else { return nil }
        let rest = Array(parts.dropFirst())
        return ResourceRequest(
            kind: kind, namespace: namespace, name: rest.first ?? "", subresource: rest.count > 1 ? rest[1] : "",
            target: target, identity: identity, http: request)
    }

    private func authorize(_ request: ResourceRequest) throws(KubeRefusal) {
        let resource = request.kind.plural + (request.subresource.isEmpty ? "" : "/\(request.subresource)")
        // A list or watch of one name is judged by that name.
        let onlyName =
            request.name.isEmpty
            ? request.target["fieldSelector"].flatMap {
                try? FieldSelector(parsing: $0, kind: request.kind).onlyName
            } : request.name
        let namespace = request.namespace
        let isAllowed = try withState { state throws(KubeRefusal) in
            state.allows(
                request.identity, verb: request.verb, group: request.kind.group, resource: resource,
                namespace: namespace, name: onlyName ?? "")
        }
        if isAllowed { return }
        let place = request.namespace.isEmpty ? "at the cluster scope" : "in the namespace \"\(request.namespace)\""
        throw .forbidden(
            request.kind, request.name,
            "User \"\(request.identity.user)\" cannot \(request.verb) resource \"\(resource)\" in API group \"\(request.kind.group)\" \(place)"
        )
    }

    private func checkAccept(_ request: HTTPRequest) throws(KubeRefusal) {
        guard let accept = request.headers["Accept"], !accept.isEmpty else { return }
        let types = accept.split(separator: ",").map { $0.split(separator: ";").first.map(String.init) ?? "" }
            .map { $0.split(separator: " ").joined() }
        if !types.contains(where: { ["application/json", "*/*", "application/*", "text/plain"].contains($0) }) {
            throw .notAcceptable()
        }
    }

    private func serve(_ request: ResourceRequest) async throws(KubeRefusal) -> KubeReply {
        switch (request.subresource, request.verb) {
        case ("", "get"): return .whole(try get(request))
        case ("", "list"): return .whole(try list(request))
        case ("", "watch"): return try watch(request)
        case ("", "create") where request.name.isEmpty: return .whole(try create(request))
        case ("", "update"), ("", "patch"): return .whole(try change(request, .main))
        case ("", "delete"): return .whole(try delete(request))
        case ("", "deletecollection"): return .whole(try deleteCollection(request))
        case ("status", "get") where request.kind.hasStatus: return .whole(try get(request))
        case ("status", "update") where request.kind.hasStatus, ("status", "patch") where request.kind.hasStatus:
            return .whole(try change(request, .status))
        case ("log", "get") where request.kind == .pods: return try await podLog(request)
        case ("eviction", "create") where request.kind == .pods: return .whole(try evict(request))
        case ("token", "create") where request.kind == .serviceAccounts: return .whole(try issueToken(request))
        case ("binding", "create") where request.kind == .pods: return .whole(try bind(request))
        case ("finalize", "update") where request.kind == .namespaces: return .whole(try finalize(request))
        case ("", _), ("status", _), ("log", _), ("eviction", _), ("binding", _):
            throw .methodNotAllowed(request.kind)
        default: throw .pageNotFound
        }
    }
}
