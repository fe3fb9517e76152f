import JSON

/// What fields objects have: to refuse what has the wrong type, to name unknown fields, and to merge lists by their keys.
struct Schema: Sendable {
    indirect enum FieldType: Sendable, Equatable {
        case string
        case int32
        case int64
        case boolean
        case base64
        case quantity
        case time
        case microTime
        case integerOrString
        case anything
        case list(FieldType)
        case map(FieldType)
        case object(String)
    }

    struct Field: Sendable {
        var type: FieldType
        /// The member by which a strategic merge patch tells elements apart; empty merges plain values.
        var mergeKey: String?
    }

    private let types: [String: [String: Field]]

    /// The types in `kubernetesTypes`.
    static let kubernetes = Schema(text: kubernetesTypes)

    init(text: String) {
        var types: [String: [String: Field]] = [:]
        var current = ""
        for line in text.split(separator: "\n") {
            var words = line.split(separator: " ")[...]
            if line.first != " ", let name = words.popFirst() { current = String(name) }
            for word in words {
                guard let colon = word.firstIndex(of: ":") else { continue }
                let rest = word[word.index(after: colon)...]
                let mark = rest.firstIndex(of: "@")
                let key = mark.map { rest[rest.index(after: $0)...].filter { $0 != "!" } }
                types[current, default: [:]][String(word[..<colon])] = Field(
                    type: Self.type(rest[..<(mark ?? rest.endIndex)]), mergeKey: key.map { String($0) })
            }
        }
        self.types = types
    }

    private static func type(_ text: Substring) -> FieldType {
        switch text {
        case "s": return .string
        case "i": return .int32
        case "l": return .int64
        case "b": return .boolean
        case "d": return .base64
        case "q": return .quantity
        case "t": return .time
        case "u": return .microTime
        case "x": return .integerOrString
        case "o": return .anything
        default:
            if text.first == "[" { return .list(type(text.dropFirst().dropLast())) }
            if text.first == "{" { return .map(type(text.dropFirst().dropLast())) }
            return .object(String(text))
        }
    }

    /// The type that describes objects of a kind.
    static func root(of kind: KubeKind) -> String { kind == .events ? "CoreEvent" : kind.kind }

    func fields(of type: String) -> [String: Field]? { types[type] }
}
