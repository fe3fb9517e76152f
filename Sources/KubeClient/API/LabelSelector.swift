/// Which objects are meant, by their labels. Every value of this type is one the API server accepts.
public struct LabelSelector: Sendable, Hashable, CustomStringConvertible {
    /// One demand; all of a selector must hold.
    public enum Requirement: Sendable, Hashable {
        case equals(String, String)
        case differs(String, String)
        case isOne(String, of: [String])
        case isNone(String, of: [String])
        case exists(String)
        case isAbsent(String)
    }

    /// What is no label, and why.
    public struct Malformed: Error, Sendable, Equatable, CustomStringConvertible {
        /// The sentence.
        public let description: String
    }

    /// The demands.
    public let requirements: [Requirement]

    private init(unchecked requirements: [Requirement]) { self.requirements = requirements }

    /// All objects.
    public static let everything = LabelSelector(unchecked: [])

    /// The objects that meet all of `requirements`.
    public init(_ requirements: [Requirement]) throws(Malformed) {
        for requirement in requirements {
            switch requirement {
            case .equals(let key, let value), .differs(let key, let value):
                try Self.check(key: key)
                try Self.check(value: value)
            case .isOne(let key, let values), .isNone(let key, let values):
                try Self.check(key: key)
                if values.isEmpty { throw Malformed(description: "the label `\(key)` is compared with no values") }
                for value in values { try Self.check(value: value) }
            case .exists(let key), .isAbsent(let key): try Self.check(key: key)
            }
        }
        self.requirements = requirements
    }

    /// The objects that have all of `labels`.
    public init(_ labels: [String: String]) throws(Malformed) {
        try self.init(labels.sorted { $0.key < $1.key }.map { .equals($0.key, $0.value) })
    }

    /// The query's form: `app=x,tier in (a,b),!old`.
    public var description: String {
        requirements.map { requirement in
            switch requirement {
            case .equals(let key, let value): "\(key)=\(value)"
            case .differs(let key, let value): "\(key)!=\(value)"
            case .isOne(let key, let values): "\(key) in (\(values.joined(separator: ",")))"
            case .isNone(let key, let values): "\(key) notin (\(values.joined(separator: ",")))"
            case .exists(let key): key
            case .isAbsent(let key): "!\(key)"
            }
        }.joined(separator: ",")
    }

    // MARK: - The rules (kubernetes.io: Labels and Selectors, "Syntax and character set")

    private static func check(key: String) throws(Malformed) {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        let name = parts.last ?? ""
        let prefixIsFine =
            parts.count == 1
            || (parts.count == 2 && !parts[0].isEmpty && parts[0].utf8.count <= 253 && isName(parts[0]))
        if parts.count > 2 || name.isEmpty || name.utf8.count > 63 || !isName(name) || !prefixIsFine {
            throw Malformed(
                description: "`\(key)` is no label key: `[prefix/]name`, at most 63 characters of A-Z a-z 0-9 - _ .")
        }
    }

    private static func check(value: String) throws(Malformed) {
        if value.utf8.count > 63 || !(value.isEmpty || isName(value[...])) {
            throw Malformed(
                description:
                    "`\(value)` is no label value: at most 63 characters of A-Z a-z 0-9 - _ ., a letter or digit at both ends"
            )
        }
    }

    private static func isName(_ text: Substring) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        }
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && text.utf8.allSatisfy {
                isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
            }
    }
}

/// Which objects are meant, by fields the server has an index for: `metadata.name`, `status.phase`, `spec.nodeName` …
public struct FieldSelector: Sendable, Hashable, CustomStringConvertible {
    private var terms: [String] = []

    /// All objects.
    public static let everything = FieldSelector()

    /// All objects.
    public init() {}

    /// The objects whose `field` is `value`.
    public static func equals(_ field: String, _ value: String) -> FieldSelector {
        FieldSelector().and(field, value)
    }

    /// Further demands that `field` is `value`.
    public func and(_ field: String, _ value: String) -> FieldSelector {
        var result = self
        result.terms.append("\(field)=\(Self.escaped(value))")
        return result
    }

    /// Further demands that `field` is anything but `value`.
    public func andNot(_ field: String, _ value: String) -> FieldSelector {
        var result = self
        result.terms.append("\(field)!=\(Self.escaped(value))")
        return result
    }

    /// The query's form: `status.phase!=Failed,spec.nodeName=a`.
    public var description: String { terms.joined(separator: ",") }

    /// Apimachinery's `fields.EscapeValue`: a backslash before `\`, `,` and `=`.
    private static func escaped(_ value: String) -> String {
        var result = ""
        for character in value {
            if character == "\\" || character == "," || character == "=" { result.append("\\") }
            result.append(character)
        }
        return result
    }
}
