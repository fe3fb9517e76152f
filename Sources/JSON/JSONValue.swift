/// One JSON document as a tree, the currency of everything read from or sent to a server.
///
/// Numbers are kept exact: what fits `Int64` is `.integer`, everything else keeps the text it was written with.
public enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// A number that is no `Int64`: a fraction, an exponent, or too large. Holds the text, so that a round trip is exact.
public struct JSONNumber: Sendable, Hashable {
    /// The literal as RFC 8259 §6 writes it.
    public let text: String

    /// Wraps a literal the caller knows to be a JSON number.
    public init(literal text: String) { self.text = text }

    /// Writes a finite `value` in the shortest form that reads back the same; infinities and NaN have no JSON form.
    public init?(_ value: Double) {
        guard value.isFinite else { return nil }
        self.text = "\(value)"
    }

    /// The nearest double.
    public var double: Double { Double(text) ?? .nan }
}

extension JSONValue: Hashable {
    /// Strings are equal byte for byte, numbers when they are written the same, objects in any order.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.isExactly(right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }

    /// Equal values have equal hashes.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        case .number(let value): hasher.combine(value)
        case .string(let value): value.hashExactly(into: &hasher)
        case .array(let value): hasher.combine(value)
        case .object(let value): hasher.combine(value)
        }
    }
}

// MARK: - Literals

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    /// `null`. Beware of `object[key] = isGone ? nil : value`: both branches being `JSONValue`, it sets a `null`
    /// where an `if` with `object[key] = nil` removes the member.
    public init(nilLiteral: ()) { self = .null }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An exact integer.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A fraction.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A list.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object; of equal keys the last wins.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }

    /// A number from a double: integral values become `.integer`, infinities and NaN become `null`.
    public static func double(_ value: Double) -> JSONValue {
        if let exact = Int64(exactly: value) { return .integer(exact) }
        return JSONNumber(value).map(JSONValue.number) ?? .null
    }
}

// MARK: - Reading

extension JSONValue {
    /// The string, if this is one.
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The boolean, if this is one.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The integer, if this is one.
    public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    /// The integer as `Int`, if this is one.
    public var int: Int? { integer.flatMap { Int(exactly: $0) } }
    /// Any number as a double.
    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value.double
        default: nil
        }
    }
    /// The elements, if this is a list.
    public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    /// The members, if this is an object.
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    /// Whether this is `null`.
    public var isNull: Bool { self == .null }

    /// The member called `key`; `nil` when absent or when this is no object.
    /// Setting on anything but an object replaces it by one; setting `nil` removes.
    public subscript(key: String) -> JSONValue? {
        get { if case .object(let members) = self { members[key] } else { nil } }
        set {
            var members: JSONObject
            if case .object(let old) = self { members = old } else { members = JSONObject() }
            self = .null  // gives up the only other reference, so that the change is made in place
            members[key] = newValue
            self = .object(members)
        }
    }

    /// The element at `index`; `nil` when out of range or when this is no list.
    public subscript(index: Int) -> JSONValue? {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }

    /// The value down a path of member names: `value.at("metadata", "labels", "app")`.
    public func at(_ path: String...) -> JSONValue? {
        var current = self
        for name in path {
            guard let next = current[name] else { return nil }
            current = next
        }
        return current
    }

    /// What kind of value this is, for messages: `a string`, `an object` …
    public var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
