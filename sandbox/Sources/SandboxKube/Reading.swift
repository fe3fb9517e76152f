import HTTP
import JSON

extension KubeSandbox {
    func get(_ request: ResourceRequest) throws(KubeRefusal) -> HTTPResponse {
        let key = request.key
        let object = try withState { state throws(KubeRefusal) in try state.existing(key) }
        let shown = EventForm.shown(object, as: request.kind)
        if let form = TableForm(request) {
            return Response.json(
                form.table(
                    of: [shown], resourceVersion: object.resourceVersion, continuing: nil, now: configuration.now()))
        }
        return Response.json(shown)
    }

    /// An object as an element of a list: the list's own kind says what it is.
    static func asItem(_ object: JSONValue) -> JSONValue {
        var item = object
        item.set(nil, "kind")
        item.set(nil, "apiVersion")
        return item
    }

    func scope(of request: ResourceRequest) throws(KubeRefusal) -> Scope {
        Scope(
            kind: request.kind.stored, namespace: request.scopeNamespace,
            labels: try LabelSelector(parsing: request.target["labelSelector"] ?? ""),
            fields: try FieldSelector(parsing: request.target["fieldSelector"] ?? "", kind: request.kind))
    }

    func list(_ request: ResourceRequest) throws(KubeRefusal) -> HTTPResponse {
        let scope = try scope(of: request)
        let page = try ListPage(request.target)
        let result = try withState { state throws(KubeRefusal) in try page.read(scope, from: state.store) }
        let objects = result.objects.map { EventForm.shown($0, as: request.kind) }
        var metadata: JSONValue = ["resourceVersion": .string(String(result.version))]
        if let next = result.next { metadata["continue"] = .string(next) }
        if let remaining = result.remaining { metadata["remainingItemCount"] = .integer(Int64(remaining)) }
        if let form = TableForm(request) {
            return Response.json(
                form.table(
                    of: objects, resourceVersion: String(result.version), continuing: result.next,
                    now: configuration.now()))
        }
        return Response.json([
            "kind": .string(request.kind.kind + "List"), "apiVersion": .string(request.kind.apiVersion),
            "metadata": metadata, "items": .array(objects.map(Self.asItem)),
        ])
    }
}

/// Which part of a list is asked for, and as of when.
struct ListPage: Sendable {
    var limit: Int?
    var exactVersion: Int?
    var atLeastVersion: Int?
    var after: Place?

    /// Behind which object to go on, in the list as it was at a version.
    struct Place: Sendable, Equatable {
        var version: Int
        var namespace: String
        var name: String

        var token: String {
            let value: JSONValue = ["v": .integer(Int64(version)), "ns": .string(namespace), "name": .string(name)]
            return Base64.encode(value.bytes)
        }

        init(version: Int, namespace: String, name: String) {
            self.version = version
            self.namespace = namespace
            self.name = name
        }

        init?(token: String) {
            guard let bytes = Base64.decode(token), let value = try? JSONValue(parsing: bytes),
                let version = value.int("v"), let namespace = value.string("ns"), let name = value.string("name")
            else { return nil }
            self.init(version: version, namespace: namespace, name: name)
        }
    }

    init(_ target: RequestTarget) throws(KubeRefusal) {
        limit = try target.integer("limit").flatMap { $0 > 0 ? $0 : nil }
        if let token = target["continue"] {
            guard let place = Place(token: token) else {
                throw .badRequest("continue key is not valid: illegal base64 or content")
            }
            if let version = target["resourceVersion"], version != "0" {
                throw .badRequest("specifying resource version is not allowed when using continue")
            }
            after = place
            return
        }
        guard let text = target["resourceVersion"], text != "0" else { return }
        guard let version = Int(text), version >= 0 else {
            throw .badRequest(
                "invalid resource version \"\(text)\": strconv.ParseUint: parsing \"\(text)\": invalid syntax")
        }
        if target["resourceVersionMatch"] == "Exact" { exactVersion = version } else { atLeastVersion = version }
    }

    struct Result: Sendable {
        var objects: [JSONValue]
        var version: Int
        var next: String?
        var remaining: Int?
    }

    func read(_ scope: Scope, from store: Store) throws(KubeRefusal) -> Result {
        if let wanted = atLeastVersion, wanted > store.version {
            throw KubeRefusal(
                code: 504, reason: "Timeout",
                message: "Too large resource version: \(wanted), current: \(store.version)",
                details: [
                    "causes": [["reason": "ResourceVersionTooLarge", "message": "Too large resource version"]],
                    "retryAfterSeconds": 1,
                ], retryAfter: 1)
        }
        let version = after?.version ?? exactVersion ?? store.version
        var objects: [JSONValue]
        if version == store.version {
            objects = store.list(scope.kind, namespace: scope.namespace)
        } else if let past = store.list(scope.kind, namespace: scope.namespace, at: version) {
            objects = past
        } else if after != nil {
            throw .expired(
                "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter."
            )
        } else {
            throw .expired("The resourceVersion for the provided list is too old.")
        }
        if let after {
            objects = Array(objects.drop { ($0.namespace, $0.name) <= (after.namespace, after.name) })
        }
        let hasSelector = !scope.labels.requirements.isEmpty || !scope.fields.terms.isEmpty
        if hasSelector { objects = objects.filter(scope.matches) }
        guard let limit, objects.count > limit else {
            return Result(objects: objects, version: version, next: nil, remaining: nil)
        }
        let last = objects[limit - 1]
        return Result(
            objects: Array(objects.prefix(limit)), version: version,
            next: Place(version: version, namespace: last.namespace, name: last.name).token,
            remaining: hasSelector ? nil : objects.count - limit)
    }
}
