public import HTTP
public import JSON
public import Logging

/// The API of one cluster. A value: copies share the transports.
///
/// *Guarantees.* Reads are tried again on 429, 5xx and broken connections, within the policy's deadline. A write is
/// tried again only when the server certainly did not act; one whose reply was lost is thrown with `mayHaveActed`.
/// Every call ends by the policy's deadline.
public struct KubernetesClient: Sendable {
    /// Server, trust, credentials.
    public let configuration: ClusterConfiguration
    /// How often and how long a call is tried.
    public var policy = CallPolicy()
    let transport: any HTTPTransport
    let watchTransport: any HTTPTransport
    let logger: Logger
    var pacing: Pacing

    /// A client. Watches get a transport of their own: over HTTP/1.1 each holds a connection for as long as it lasts.
    public init(
        configuration: ClusterConfiguration, transport: any HTTPTransport, watchTransport: any HTTPTransport,
        logger: Logger, pacing: Pacing = .system
    ) {
        self.configuration = configuration
        self.transport = transport
        self.watchTransport = watchTransport
        self.logger = logger
        self.pacing = pacing
        for warning in configuration.warnings { logger.warning("\(warning)") }
    }

    /// The same client, each of whose calls ends within `deadline`.
    public func within(_ deadline: Duration) -> KubernetesClient {
        var copy = self
        copy.policy.deadline = min(deadline, policy.deadline)
        return copy
    }

    // MARK: - Typed verbs

    /// Reads one object.
    public func get<T: KubernetesObject>(
        _: T.Type, _ name: String, namespace: String? = nil, subresource: String? = nil
    ) async throws(KubernetesError) -> T {
        let request = try ResourceRequest.get(T.resource, name, namespace: namespace, subresource: subresource)
        return T(raw: try await object(request).raw)
    }

    /// Reads one page of objects (all, without a `limit`); `namespace` `nil` reads all namespaces.
    public func list<T: KubernetesObject>(
        _: T.Type, namespace: String? = nil, _ options: ListOptions = .init()
    ) async throws(KubernetesError) -> ObjectList<T> {
        let request = try ResourceRequest.list(T.resource, namespace: namespace, options: options)
        return ObjectList(raw: try await object(request).raw, item: T.init(raw:))
    }

    /// Makes an object and returns it as the server keeps it, with the server's warnings.
    public func create<T: KubernetesObject>(
        _ object: T, namespace: String? = nil, dryRun: Bool = false
    ) async throws(KubernetesError) -> Created<T> {
        let request = try ResourceRequest.create(T.resource, object.raw, namespace: namespace, dryRun: dryRun)
        let answer = try await self.object(request)
        return Created(object: T(raw: answer.raw), warnings: answer.warnings)
    }

    /// Replaces an object whole: a conflict unless its `resourceVersion` is the present one.
    public func replace<T: KubernetesObject>(
        _ object: T, namespace: String? = nil, subresource: String? = nil, dryRun: Bool = false
    ) async throws(KubernetesError) -> T {
        let request = try ResourceRequest.replace(
            T.resource, object.raw, namespace: namespace, subresource: subresource, dryRun: dryRun)
        return T(raw: try await self.object(request).raw)
    }

    /// Changes parts of an object; `subresource` `status` changes its status.
    public func patch<T: KubernetesObject>(
        _: T.Type, _ name: String, namespace: String? = nil, _ patch: Patch, subresource: String? = nil,
        dryRun: Bool = false
    ) async throws(KubernetesError) -> T {
        let request = try ResourceRequest.patch(
            T.resource, name, namespace: namespace, patch,
            options: PatchOptions(subresource: subresource, dryRun: dryRun))
        return T(raw: try await object(request).raw)
    }

    /// Deletes an object, and says whether it is gone or waits for its grace or its finalizers.
    @discardableResult
    public func delete<T: KubernetesObject>(
        _: T.Type, _ name: String, namespace: String? = nil, _ options: DeleteOptions = .init()
    ) async throws(KubernetesError) -> Deleted<T> {
        let request = try ResourceRequest.delete(T.resource, name, namespace: namespace, options: options)
        let answer = try await object(request).raw
        return answer["kind"]?.string == "Status" ? .removed : .accepted(T(raw: answer))
    }

    /// Reads the output of a container. Bytes that are no UTF-8 are replaced.
    public func log(
        pod: String, namespace: String, _ options: LogOptions = .init()
    ) async throws(KubernetesError) -> String {
        let request = try ResourceRequest.log(pod: pod, namespace: namespace, options: options)
        return String(decoding: try await perform(request).body, as: UTF8.self)
    }

    /// The server's version.
    public func version() async throws(KubernetesError) -> ServerVersion {
        let request = ResourceRequest.path("/version")
        let raw = try await object(request).raw
        guard let version = ServerVersion(raw: raw) else {
            throw .decoding("the answer names no version", request.operation)
        }
        return version
    }

    // MARK: - Objects of any kind

    /// Reads one object of a kind known only at run time.
    public func get(
        _ resource: Resource, _ name: String, namespace: String? = nil
    ) async throws(KubernetesError) -> DynamicObject {
        let request = try ResourceRequest.get(resource, name, namespace: namespace)
        return DynamicObject(resource, raw: try await object(request).raw)
    }

    /// Lists objects of a kind known only at run time.
    public func list(
        _ resource: Resource, namespace: String? = nil, _ options: ListOptions = .init()
    ) async throws(KubernetesError) -> ObjectList<DynamicObject> {
        let request = try ResourceRequest.list(resource, namespace: namespace, options: options)
        return ObjectList(raw: try await object(request).raw) { DynamicObject(resource, raw: $0) }
    }

    /// Makes an object of a kind known only at run time.
    public func create(
        _ object: DynamicObject, namespace: String? = nil, dryRun: Bool = false
    ) async throws(KubernetesError) -> Created<DynamicObject> {
        let request = try ResourceRequest.create(object.resource, object.raw, namespace: namespace, dryRun: dryRun)
        let answer = try await self.object(request)
        return Created(object: DynamicObject(object.resource, raw: answer.raw), warnings: answer.warnings)
    }

    /// Reads a path that is no resource, as JSON: `/apis`, `/api/v1`.
    public func raw(_ path: String) async throws(KubernetesError) -> JSONValue {
        try await object(ResourceRequest.path(path)).raw
    }
}

/// An object as the server keeps it, and what the server warns of.
public struct Created<Object: Sendable>: Sendable {
    /// The object.
    public let object: Object
    /// The texts of its `Warning` headers.
    public let warnings: [String]
}

/// What became of an object that was to be deleted.
public enum Deleted<Object: Sendable>: Sendable {
    /// It is gone.
    case removed
    /// The server answered with the object: either its last state, or, with a `deletionTimestamp`, it still waits for
    /// its grace or its finalizers.
    case accepted(Object)
}

/// What the server says it is.
public struct ServerVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// `1`.
    public let major: Int
    /// `20`.
    public let minor: Int
    /// `v1.20.2`.
    public let gitVersion: String

    /// A version with the given parts.
    public init(major: Int, minor: Int, gitVersion: String = "") {
        self.major = major
        self.minor = minor
        self.gitVersion = gitVersion
    }

    /// Reads `/version`; vendors write `20+`.
    init?(raw: JSONValue) {
        func number(_ field: String) -> Int? {
            raw[field]?.string.flatMap { Int($0.prefix { $0.isASCII && $0.isNumber }) }
        }
        guard let major = number("major"), let minor = number("minor") else { return nil }
        self.init(major: major, minor: minor, gitVersion: raw["gitVersion"]?.string ?? "")
    }

    /// Older first; only major and minor count.
    public static func < (left: ServerVersion, right: ServerVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    /// `v1.20.2`.
    public var description: String { gitVersion.isEmpty ? "v\(major).\(minor)" : gitVersion }
}
