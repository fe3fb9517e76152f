public import JSON

/// Writes values as YAML that any reader, of version 1.1 or 1.2, reads back as the same values.
public enum YAMLEmitter {
    /// One document: block style, two blanks deep, lists not indented below their key, a newline at the end.
    public static func text(of value: JSONValue) -> String {
        var writer = YAMLWriter()
        writer.document(value)
        return writer.text
    }

    /// Several documents with `---` between them.
    public static func text(of documents: [JSONValue]) -> String {
        documents.map { text(of: $0) }.joined(separator: "---\n")
    }
}

private struct YAMLWriter {
    var text = ""

    mutating func document(_ value: JSONValue) {
        if case .object(let members) = value, !members.isEmpty {
            self.members(members, indent: 0)
        } else if case .array(let elements) = value, !elements.isEmpty {
            self.elements(elements, indent: 0)
        } else {
            text += scalar(value, indent: 0) + "\n"
        }
    }

    /// Members, one a line; the first begins where the text is, since a `- ` may stand before it.
    private mutating func members(_ members: JSONObject, indent: Int) {
        for (place, member) in members.enumerated() {
            if place > 0 { pad(indent) }
            let key = YAMLText.inline(member.key)
            // libyaml and its kin look for the colon only so far.
            if key.utf8.count > 120 {
                text += "? " + key + "\n"
                pad(indent)
            } else {
                text += key
            }
            text += ":"
            switch member.value {
            case .object(let inner) where !inner.isEmpty:
                text += "\n"
                pad(indent + 2)
                self.members(inner, indent: indent + 2)
            case .array(let inner) where !inner.isEmpty:
                text += "\n"
                pad(indent)
                elements(inner, indent: indent)
            default: text += " " + scalar(member.value, indent: indent) + "\n"
            }
        }
    }

    private mutating func elements(_ elements: [JSONValue], indent: Int) {
        for (place, element) in elements.enumerated() {
            if place > 0 { pad(indent) }
            text += "- "
            switch element {
            case .object(let inner) where !inner.isEmpty: members(inner, indent: indent + 2)
            case .array(let inner) where !inner.isEmpty: self.elements(inner, indent: indent + 2)
            default: text += scalar(element, indent: indent) + "\n"
            }
        }
    }

    private func scalar(_ value: JSONValue, indent: Int) -> String {
        if case .string(let string) = value {
            return YAMLText.block(string, indent: indent + 2) ?? YAMLText.inline(string)
        }
        // Empty lists and objects, numbers and words look in YAML as they do in JSON.
        return value.text()
    }

    private mutating func pad(_ indent: Int) { text += String(repeating: " ", count: indent) }
}
