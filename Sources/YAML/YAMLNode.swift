public import JSON

/// One value of a YAML document, with the place it was written at.
public struct YAMLNode: Sendable {
    /// What the value is.
    public indirect enum Content: Sendable {
        case null
        case bool(Bool)
        case integer(Int64)
        case number(JSONNumber)
        case string(String)
        case sequence([YAMLNode])
        /// The pairs in order. Every key is a string node; no two are equal; merges (`<<`) are done.
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    /// What the value is.
    public var content: Content
    /// Where it begins; for an alias, where the alias stands.
    public var position: YAMLPosition
    /// Whether a scalar was written in quotes or as a block, and so is a string whatever it looks like.
    public var isQuoted: Bool

    /// A value at a place.
    public init(_ content: Content, at position: YAMLPosition, isQuoted: Bool = false) {
        self.content = content
        self.position = position
        self.isQuoted = isQuoted
    }

    /// The value as JSON, places forgotten.
    public var json: JSONValue {
        switch content {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .integer(let value): return .integer(value)
        case .number(let value): return .number(value)
        case .string(let value): return .string(value)
        case .sequence(let elements): return .array(elements.map(\.json))
        case .mapping(let pairs):
            var object = JSONObject()
            for pair in pairs { object[pair.key.string ?? ""] = pair.value.json }
            return .object(object)
        }
    }
}

// MARK: - Reading

extension YAMLNode {
    /// The string, if this is one.
    public var string: String? { if case .string(let value) = content { value } else { nil } }
    /// The boolean, if this is one.
    public var bool: Bool? { if case .bool(let value) = content { value } else { nil } }
    /// The integer, if this is one.
    public var integer: Int64? { if case .integer(let value) = content { value } else { nil } }
    /// The elements, if this is a list.
    public var sequence: [YAMLNode]? { if case .sequence(let value) = content { value } else { nil } }
    /// The pairs, if this is a mapping.
    public var mapping: [(key: YAMLNode, value: YAMLNode)]? {
        if case .mapping(let value) = content { value } else { nil }
    }
    /// Whether nothing is there: `null`, `~`, or no text at all.
    public var isNull: Bool { if case .null = content { true } else { false } }

    /// The value of `key`; `nil` when absent or when this is no mapping.
    public subscript(key: String) -> YAMLNode? { mapping?.first { $0.key.string == key }?.value }

    /// What kind of value this is, for messages: `a string`, `a mapping` …
    public var kindName: String {
        switch content {
        case .null: "nothing"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
