import JSON

/// Which rule a text in a template follows, by where it stands.
enum TemplateText: Sendable, Equatable {
    /// The user's own: left alone, `${HOME}` included.
    case opaque
    /// A label's value: what is filled in is made to fit.
    case label
    /// Anything may stand there.
    case annotation
    /// An image's name.
    case image
    /// A name, a path, …: what is filled in must be plain.
    case plain

    init(at path: [String]) {
        switch path.dropLast().last {
        case "labels", "matchLabels", "nodeSelector": self = .label
        case "annotations": self = .annotation
        default:
            let isProgram = path.contains("command") || path.contains("args")
            let isVariable = path.suffix(3).first == "env" && path.last == "value"
            self = isProgram || isVariable ? .opaque : path.last == "image" ? .image : .plain
        }
    }

    /// `spec.containers[0].image`.
    static func name(of path: [String]) -> String {
        path.reduce("") { text, step in
            step.hasPrefix("[") || text.isEmpty ? text + step : text + "." + step
        }
    }
}

/// Fills the placeholders of one template with one task's values.
struct Filling {
    /// The most of one value in an annotation: Kubernetes allows 256 KiB for all of them together.
    static let longestNote = 1024

    let values: [Placeholder: String]
    /// How messages name the template's fields.
    let strip: String
    private(set) var problems: [RenderProblem] = []

    init(values: [Placeholder: String], strip: String) {
        self.values = values
        self.strip = strip
    }

    /// `value` with every text in it filled; names of members are never touched.
    mutating func fill(_ value: JSONValue, at path: [String] = []) -> JSONValue {
        switch value {
        case .string(let text): return .string(fill(text, at: path))
        case .array(let elements):
            var filled: [JSONValue] = []
            for (index, element) in elements.enumerated() { filled.append(fill(element, at: path + ["[\(index)]"])) }
            return .array(filled)
        case .object(let members):
            var filled = JSONObject()
            for (key, member) in members { filled[key] = fill(member, at: path + [key]) }
            return .object(filled)
        default: return value
        }
    }

    private mutating func fill(_ text: String, at path: [String]) -> String {
        let kind = TemplateText(at: path)
        // The template was checked when it was read: a text that cannot be taken apart does not come here.
        guard kind != .opaque, let parsed = try? PlaceholderText(parsing: text) else { return text }
        guard parsed.hasValues else { return parsed.filled { _ in "" } }
        switch kind {
        case .opaque: return text
        case .label: return Names.labelValue(parsed.filled { values[$0] ?? "" })
        case .annotation: return parsed.filled { (values[$0] ?? "").shortened(bytes: Self.longestNote) }
        case .image: return parsed.filled { values[$0] ?? "" }
        case .plain:
            var refused: Placeholder?
            let filled = parsed.filled { placeholder in
                let value = values[placeholder] ?? ""
                if !Self.isPlain(value) { refused = placeholder }
                return value
            }
            if let refused {
                var field = TemplateText.name(of: path)
                if field.hasPrefix(strip) { field = String(field.dropFirst(strip.count)) }
                problems.append(
                    RenderProblem(
                        path: field,
                        message:
                            "the template puts `${\(refused.rawValue)}` here, and `\(values[refused, default: ""].prefix(64))`"
                            + " is not only letters, digits, `-`, `_` and `.` — rename it, or use `${task.id}` in the template"
                    ))
            }
            return filled
        }
    }

    /// Harmless in a path, a name, a number: nothing but word characters, and no way up.
    private static func isPlain(_ value: String) -> Bool {
        value.isEmpty || Names.display.allows(value) && !value.allSatisfy { $0 == "." }
    }
}
