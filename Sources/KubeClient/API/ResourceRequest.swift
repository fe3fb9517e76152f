public import HTTP
public import JSON

/// One call of the API as a value: what is meant, and the HTTP that says so. Pure; built before anything is sent.
public struct ResourceRequest: Sendable {
    /// What is asked, for messages.
    public let operation: ResourceOperation
    /// The HTTP method.
    public let method: HTTPRequest.Method
    /// The path, percent-encoded.
    public let path: String
    /// The query, percent-encoded, without `?`; empty when there is none.
    public let query: String
    /// The body.
    public let body: [UInt8]?
    /// The body's media type.
    public let contentType: String?
    /// The media type to answer with.
    public let accept: String

    /// Whether the server may change something for it.
    public var isWrite: Bool { operation.isWrite }

    /// The request to send to `server` (scheme, host, port, perhaps a path).
    public func http(server: String, headers: HTTPHeaders = [:], timeouts: HTTPTimeouts = .init()) -> HTTPRequest {
        var headers = headers
        headers["Accept"] = accept
        if let contentType { headers["Content-Type"] = contentType }
        let base = server.hasSuffix("/") ? String(server.dropLast()) : server
        return HTTPRequest(
            method, base + path + (query.isEmpty ? "" : "?" + query), headers: headers, body: body, timeouts: timeouts)
    }

    // MARK: - The verbs

    /// Reads one object, or a part of it.
    public static func get(
        _ resource: Resource, _ name: String, namespace: String?, subresource: String? = nil
    ) throws(KubernetesError) -> ResourceRequest {
        try one("get", .get, resource, name, namespace, subresource)
    }

    /// Reads many; `namespace` `nil` reads all namespaces.
    public static func list(
        _ resource: Resource, namespace: String?, options: ListOptions = .init()
    ) throws(KubernetesError) -> ResourceRequest {
        try many("list", .get, resource, namespace, query: options.query)
    }

    /// Follows changes; `namespace` `nil` follows all namespaces.
    public static func watch(
        _ resource: Resource, namespace: String?, options: WatchOptions
    ) throws(KubernetesError) -> ResourceRequest {
        try many("watch", .get, resource, namespace, query: options.query)
    }

    /// Makes an object.
    public static func create(
        _ resource: Resource, _ object: JSONValue, namespace: String?, dryRun: Bool = false
    ) throws(KubernetesError) -> ResourceRequest {
        let namespace = namespace ?? object.at("metadata", "namespace")?.string
        let name = object.at("metadata", "name")?.string ?? object.at("metadata", "generateName")?.string
        var object = object
        if object["apiVersion"] == nil { object["apiVersion"] = .string(resource.apiVersion) }
        if object["kind"] == nil { object["kind"] = .string(resource.kind) }
        let operation = ResourceOperation(verb: "create", resource: resource, namespace: namespace, name: name)
        if resource.isNamespaced, namespace == nil {
            throw .invalidRequest("no namespace is given", operation)
        }
        return ResourceRequest(
            operation: operation, method: .post, path: try collection(operation), query: encode(dryRunQuery(dryRun)),
            body: object.bytes, contentType: "application/json", accept: "application/json")
    }

    /// Replaces an object whole; its `resourceVersion` must be the present one.
    public static func replace(
        _ resource: Resource, _ object: JSONValue, namespace: String?, subresource: String? = nil, dryRun: Bool = false
    ) throws(KubernetesError) -> ResourceRequest {
        try one(
            "update", .put, resource, object.at("metadata", "name")?.string ?? "",
            namespace ?? object.at("metadata", "namespace")?.string, subresource, query: dryRunQuery(dryRun),
            body: object.bytes, contentType: "application/json")
    }

    /// Changes parts of an object.
    public static func patch(
        _ resource: Resource, _ name: String, namespace: String?, _ patch: Patch, options: PatchOptions = .init()
    ) throws(KubernetesError) -> ResourceRequest {
        try one(
            "patch", .patch, resource, name, namespace, options.subresource, query: dryRunQuery(options.dryRun),
            body: patch.body.bytes, contentType: patch.contentType)
    }

    /// Deletes an object.
    public static func delete(
        _ resource: Resource, _ name: String, namespace: String?, options: DeleteOptions = .init()
    ) throws(KubernetesError) -> ResourceRequest {
        try one(
            "delete", .delete, resource, name, namespace, nil, body: options.body.bytes,
            contentType: "application/json")
    }

    /// Reads the output of a pod's container.
    public static func log(
        pod: String, namespace: String, options: LogOptions = .init()
    ) throws(KubernetesError) -> ResourceRequest {
        try one("get", .get, .pods, pod, namespace, "log", query: options.query, accept: "text/plain, */*")
    }

    /// Reads a path that is no resource: `/version`, `/apis`.
    public static func path(_ path: String) -> ResourceRequest {
        ResourceRequest(
            operation: ResourceOperation(verb: "get", resource: nil, name: path), method: .get, path: path, query: "",
            body: nil, contentType: nil, accept: "application/json")
    }

    // MARK: - Paths

    private static func one(
        _ verb: String, _ method: HTTPRequest.Method, _ resource: Resource, _ name: String, _ namespace: String?,
        _ subresource: String?, query: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        contentType: String? = nil, accept: String = "application/json"
    ) throws(KubernetesError) -> ResourceRequest {
        let operation = ResourceOperation(
            verb: verb, resource: resource, subresource: subresource, namespace: namespace, name: name)
        if resource.isNamespaced, namespace == nil { throw .invalidRequest("no namespace is given", operation) }
        var path = try collection(operation) + "/" + segment(name, "name", operation)
        if let subresource { path += "/" + subresource }
        return ResourceRequest(
            operation: operation, method: method, path: path, query: encode(query), body: body,
            contentType: contentType, accept: accept)
    }

    private static func many(
        _ verb: String, _ method: HTTPRequest.Method, _ resource: Resource, _ namespace: String?,
        query: [(name: String, value: String)]
    ) throws(KubernetesError) -> ResourceRequest {
        let operation = ResourceOperation(verb: verb, resource: resource, namespace: namespace)
        return ResourceRequest(
            operation: operation, method: method, path: try collection(operation), query: encode(query), body: nil,
            contentType: nil, accept: "application/json")
    }

    private static func collection(_ operation: ResourceOperation) throws(KubernetesError) -> String {
        guard let resource = operation.resource else { throw .invalidRequest("no resource is given", operation) }
        guard resource.isNamespaced, let namespace = operation.namespace else {
            return "\(resource.root)/\(resource.plural)"
        }
        return try "\(resource.root)/namespaces/\(segment(namespace, "namespace", operation))/\(resource.plural)"
    }

    /// A name as one segment of a path. What could lead to another path is refused, not encoded: no object has such a
    /// name (apimachinery's `path.IsValidPathSegmentName`).
    private static func segment(
        _ name: String, _ what: String, _ operation: ResourceOperation
    ) throws(KubernetesError) -> String {
        if name.isEmpty { throw .invalidRequest("the \(what) is empty", operation) }
        if name == "." || name == ".." || name.contains("/") || name.contains("%") {
            throw .invalidRequest("`\(name)` cannot be a \(what)", operation)
        }
        return encode(name)
    }

    // MARK: - Query

    private static func dryRunQuery(_ dryRun: Bool) -> [(name: String, value: String)] {
        dryRun ? [("dryRun", "All")] : []
    }

    private static func encode(_ query: [(name: String, value: String)]) -> String {
        query.map { encode($0.name) + "=" + encode($0.value) }.joined(separator: "&")
    }

    /// RFC 3986 §2.3: everything but the unreserved characters as `%XX`.
    private static func encode(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var output: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                output.append(byte)
            default: output += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
