import JSON
import OS

/// A name pattern: a regular expression found anywhere in the name, without regard to case.
struct NamePattern {
    private enum Form {
        /// No operator in it: this text, whole or anywhere.
        case text(String, anchoredStart: Bool, anchoredEnd: Bool)
        case expression(Regex<AnyRegexOutput>)
    }

    private let form: Form

    init(_ pattern: String) throws(APIError) {
        if let text = Self.plain(pattern) {
            form = text
            return
        }
        do {
            form = .expression(try Regex(pattern).ignoresCase())
        } catch {
            throw .bad(15, "Invalid regular expression", ["pattern": pattern])
        }
    }

    func matches(_ name: String) -> Bool {
        switch form {
        case .text(let text, true, true): name.lowercased() == text
        case .text(let text, true, false): name.lowercased().hasPrefix(text)
        case .text(let text, false, true): name.lowercased().hasSuffix(text)
        case .text(let text, false, false): text.isEmpty || name.lowercased().contains(text)
        case .expression(let expression): name.firstMatch(of: expression) != nil
        }
    }

    /// The pattern as a text, when all it has of the language are anchors and escaped punctuation:
    /// what clients make of an exact name.
    private static func plain(_ pattern: String) -> Form? {
        var text = ""
        var rest = pattern[...]
        let start = rest.hasPrefix("^")
        if start { rest = rest.dropFirst() }
        var end = false
        while let character = rest.popFirst() {
            switch character {
            case "\\":
                guard let next = rest.popFirst(), !next.isLetter, !next.isNumber else { return nil }
                text.append(next)
            case "$" where rest.isEmpty: end = true
            case ".", "*", "+", "?", "[", "]", "(", ")", "{", "}", "|", "^", "$": return nil
            default: text.append(character)
            }
        }
        return .text(text.lowercased(), anchoredStart: start, anchoredEnd: end)
    }
}

/// A list of wanted values: any of them, all of those after `__$all` or `__$and`, none of those with a `-` before
/// them or after `__$not`.
struct ValueFilter {
    private var any: Set<String> = []
    private var all: Set<String> = []
    private var none: Set<String> = []
    private var wantsAbsent = false

    init(_ values: [JSONValue]) {
        var conjunction = false
        var negated = false
        for value in values {
            guard let text = value.string else {
                if value.isNull { wantsAbsent = true }
                continue
            }
            switch text {
            case "__$all", "__$and": conjunction = true
            case "__$any", "__$or": conjunction = false
            case "__$not": negated = true
            default:
                if negated || text.hasPrefix("-") {
                    none.insert(text.hasPrefix("-") ? String(text.dropFirst()) : text)
                } else if conjunction {
                    all.insert(text)
                } else {
                    any.insert(text)
                }
                negated = false
            }
        }
    }

    /// Whether the one value `text` passes.
    func accepts(_ text: String) -> Bool {
        if wantsAbsent, any.isEmpty, all.isEmpty { return false }
        return !none.contains(text) && (any.isEmpty || any.contains(text)) && all.allSatisfy { $0 == text }
    }

    /// Whether a list of values passes.
    func accepts(_ present: Set<String>) -> Bool {
        if wantsAbsent, present.isEmpty { return true }
        if wantsAbsent, any.isEmpty, all.isEmpty { return false }
        return none.isDisjoint(with: present) && all.isSubset(of: present)
            && (any.isEmpty || !any.isDisjoint(with: present))
    }
}

/// Bounds on a date: `">=2026-11-23T23:24:51"`, several of them, or a pair from-to.
struct DateFilter {
    private var bounds: [(comparison: String, date: Timestamp)] = []

    init(_ field: String, _ values: [JSONValue]) throws(APIError) {
        for (place, value) in values.enumerated() {
            guard let text = value.string else { continue }
            let comparison = String(text.prefix { "<>=".contains($0) })
            guard let date = Timestamp(lenient: String(text.dropFirst(comparison.count))) else {
                throw .validation(field, "`\(text)` is no date")
            }
            bounds.append((comparison.isEmpty ? (place == 0 ? ">=" : "<=") : comparison, date))
        }
    }

    func accepts(_ text: String?) -> Bool {
        guard let date = text.flatMap({ Timestamp(iso: $0) }) else { return bounds.isEmpty }
        return bounds.allSatisfy { bound in
            switch bound.comparison {
            case ">": date > bound.date
            case ">=": date >= bound.date
            case "<": date < bound.date
            case "<=": date <= bound.date
            default: date == bound.date
            }
        }
    }
}
