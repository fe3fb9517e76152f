public import HTTP
public import JSON

/// A Secret. Its description names it and shows nothing inside.
public struct KubernetesSecret: KubernetesObject, Hashable, CustomStringConvertible, CustomReflectable {
    /// `v1` secrets.
    public static var resource: Resource { .secrets }
    /// The whole Secret, values included.
    public var raw: JSONValue
    /// Wraps a tree.
    public init(raw: JSONValue) { self.raw = raw }

    /// The type: `Opaque`, `kubernetes.io/dockerconfigjson` …
    public var type: String { raw["type"]?.string ?? "Opaque" }
    /// The names of its values.
    public var dataKeys: [String] { raw["data"]?.object?.keys ?? [] }

    /// The value called `key`; `nil` when absent or when it is no base64.
    public func value(_ key: String) -> Secret<[UInt8]>? {
        raw.at("data", key)?.string.flatMap(Base64.decode).map(Secret.init)
    }

    /// Sets the value called `key`.
    public mutating func setValue(_ value: Secret<[UInt8]>, for key: String) {
        raw.set(.string(Base64.encode(value.reveal())), at: ["data", key])
    }

    /// `secret namespace/name`.
    public var description: String { "secret \(key)" }
    /// Shows nothing inside.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
