/// What a template may ask for in `${…}`.
enum Placeholder: String, Sendable, CaseIterable {
    case taskID = "task.id"
    case taskName = "task.name"
    case taskProject = "task.project"
    case taskUser = "task.user"
    case taskImage = "task.container.image"
    case queueName = "queue.name"
    case attempt
    case cluster
}

/// A template's text, taken apart once. `${name}` is a placeholder, `${name:-text}` has a default for an empty value,
/// `$${` is a plain `${`; any other `$` is itself.
struct PlaceholderText: Sendable, Equatable {
    enum Piece: Sendable, Equatable {
        case literal(String)
        case value(Placeholder, standard: String?)
    }

    /// Why a text cannot be taken apart.
    struct Fault: Error, Equatable {
        let message: String
    }

    let pieces: [Piece]

    /// Whether anything is filled in.
    var hasValues: Bool {
        pieces.contains { if case .value = $0 { true } else { false } }
    }

    init(parsing text: String) throws(Fault) {
        var pieces: [Piece] = []
        var literal = ""
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            literal += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                literal += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else {
                    throw Fault(message: "`\(rest.prefix(40))` has no `}`; write `$${` for a plain `${`")
                }
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = ""
                pieces.append(try Self.value(rest[rest.index(rest.startIndex, offsetBy: 2)..<end]))
                rest = rest[rest.index(after: end)...]
            } else {
                literal += "$"
                rest = rest.dropFirst()
            }
        }
        literal += rest
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        self.pieces = pieces
    }

    private static func value(_ inside: Substring) throws(Fault) -> Piece {
        var name = String(inside)
        var standard: String?
        if let range = inside.firstRange(of: ":-") {
            name = String(inside[..<range.lowerBound])
            standard = String(inside[range.upperBound...])
        }
        guard let placeholder = Placeholder(rawValue: name) else {
            let hint = suggestion(for: name, among: Placeholder.allCases.map(\.rawValue))
            throw Fault(message: "unknown placeholder `${\(name)}`: \(hint); write `$${` for a plain `${`")
        }
        return .value(placeholder, standard: standard)
    }

    /// The text with `values` filled in as they are: what a value contains is never read again.
    func filled(_ value: (Placeholder) -> String) -> String {
        pieces.map { piece in
            switch piece {
            case .literal(let text): return text
            case .value(let placeholder, let standard):
                let text = value(placeholder)
                return text.isEmpty ? standard ?? "" : text
            }
        }.joined()
    }
}
