import JSON

/// Why a scalar has no value.
struct ScalarFault: Error {
    let message: String
}

/// How Kubernetes (sigs.k8s.io/yaml, that is go-yaml 2) understands scalars: a mixture of YAML 1.1 and 1.2.
extension RawScalar {
    private static let prefix = "tag:yaml.org,2002:"

    /// `!!int` for `tag:yaml.org,2002:int`.
    static func short(_ tag: String) -> String {
        tag.hasPrefix(prefix) ? "!!" + tag.dropFirst(prefix.count) : tag
    }

    /// Nothing is written there at all.
    var isAbsent: Bool { isPlain && tag == nil && text.isEmpty }
    /// The key that merges.
    var isMerge: Bool { isPlain && (tag == nil && text == "<<") || tag == Self.prefix + "merge" }

    func content() throws(ScalarFault) -> YAMLNode.Content {
        guard let tag else { return isPlain ? try Self.resolve(text) : .string(text) }
        let kind = Self.short(tag)
        switch kind {
        case "!", "!!str", "!!timestamp", "!!merge": return .string(text)
        case "!!null", "!!bool", "!!int", "!!float":
            let content = try Self.resolve(text)
            switch (kind, content) {
            case ("!!null", .null), ("!!bool", .bool), ("!!int", .integer), ("!!int", .number), ("!!float", .integer),
                ("!!float", .number):
                return content
            default: throw ScalarFault(message: "`\(text)` is no \(kind)")
            }
        case "!!binary": throw ScalarFault(message: "`!!binary` is not supported: write the Base64 text as a string")
        default: throw ScalarFault(message: "the tag `\(kind)` is not supported")
        }
    }

    /// The value of a plain scalar.
    static func resolve(_ text: String) throws(ScalarFault) -> YAMLNode.Content {
        if let word = words[text] { return word }
        guard let first = text.utf8.first else { return .null }
        switch first {
        case UInt8(ascii: "."):
            if notFinite.contains(text) { throw infinite(text) }
            return float(text) ?? .string(text)
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            if notFinite.contains(text) { throw infinite(text) }
            let plain = text.filter { $0 != "_" }
            if let content = try integer(plain) { return content }
            return float(plain) ?? .string(text)
        default: return .string(text)
        }
    }

    private static func infinite(_ text: String) -> ScalarFault {
        ScalarFault(message: "`\(text)` is a number that JSON cannot write: quote it if it is meant as text")
    }

    private static let words: [String: YAMLNode.Content] = {
        var words: [String: YAMLNode.Content] = [:]
        for word in ["y", "yes", "true", "on"] { for form in forms(word) { words[form] = .bool(true) } }
        for word in ["n", "no", "false", "off"] { for form in forms(word) { words[form] = .bool(false) } }
        for form in ["", "~"] + forms("null") { words[form] = .null }
        return words
    }()

    private static let notFinite: Set<String> = {
        var all: Set<String> = [".nan", ".NaN", ".NAN"]
        for sign in ["", "+", "-"] { for form in [".inf", ".Inf", ".INF"] { all.insert(sign + form) } }
        return all
    }()

    /// `yes`, `Yes`, `YES`.
    private static func forms(_ word: String) -> [String] {
        [word, word.prefix(1).uppercased() + word.dropFirst(), word.uppercased()]
    }

    /// `12`, `-0x1F`, `0o17`, `017`, `0b1`; `nil` when it is something else.
    private static func integer(_ text: String) throws(ScalarFault) -> YAMLNode.Content? {
        var digits = Substring(text)
        let isNegative = digits.first == "-"
        if isNegative || digits.first == "+" { digits = digits.dropFirst() }
        var radix = 10
        if digits.utf8.first == UInt8(ascii: "0"), digits.utf8.count > 1 {
            switch digits.dropFirst().first {
            case "x", "X": (radix, digits) = (16, digits.dropFirst(2))
            case "o", "O": (radix, digits) = (8, digits.dropFirst(2))
            case "b", "B": (radix, digits) = (2, digits.dropFirst(2))
            default: (radix, digits) = (8, digits.dropFirst())
            }
        }
        // `Int(_:radix:)` would take another sign here.
        guard !digits.isEmpty, digits.utf8.allSatisfy({ value(of: $0) < radix }) else { return nil }
        if let value = Int64((isNegative ? "-" : "") + digits, radix: radix) { return .integer(value) }
        let sign = isNegative ? "-" : ""
        if radix == 10 { return .number(JSONNumber(literal: sign + digits)) }
        guard let value = UInt64(digits, radix: radix), !isNegative else {
            throw ScalarFault(message: "`\(text)` is too large a number: write it in decimal or quote it")
        }
        return .number(JSONNumber(literal: String(value)))
    }

    private static func value(of byte: UInt8) -> Int {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: .max
        }
    }

    /// `1.5`, `.5`, `1.`, `1e3`; `nil` when it is something else, or beyond a double.
    private static func float(_ text: String) -> YAMLNode.Content? {
        var rest = Substring(text)
        func take(_ isWanted: (Character) -> Bool) -> Substring {
            let run = rest.prefix(while: isWanted)
            rest = rest.dropFirst(run.count)
            return run
        }
        func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) && character.utf8.count == 1 }
        let sign = rest.first == "-" || rest.first == "+" ? rest.removeFirst() : "+"
        let whole = take(isDigit)
        var fraction: Substring = ""
        if rest.first == "." {
            rest.removeFirst()
            fraction = take(isDigit)
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        var exponent = "0"
        if rest.first == "e" || rest.first == "E" {
            rest.removeFirst()
            let exponentSign = rest.first == "-" || rest.first == "+" ? rest.removeFirst() : "+"
            let digits = take(isDigit)
            if digits.isEmpty { return nil }
            exponent = "\(exponentSign)\(digits)"
        }
        guard rest.isEmpty,
            let value = Double(
                "\(sign)\(whole.isEmpty ? "0" : whole).\(fraction.isEmpty ? "0" : fraction)e\(exponent)"),
            value.isFinite
        else { return nil }
        if let exact = Int64(exactly: value) { return .integer(exact) }
        return JSONNumber(value).map { .number($0) }
    }
}
