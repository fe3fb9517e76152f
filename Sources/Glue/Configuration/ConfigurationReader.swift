import YAML

/// Walks a document along `ConfigurationKey.all` and keeps every fault it meets, so that one run shows them all.
struct ConfigurationReader {
    let file: String
    private(set) var problems: [SourceProblem] = []
    private var found: [String: YAMLNode] = [:]
    private var lengths: [String: Int] = [:]

    init(file: String, root: YAMLNode) {
        self.file = file
        walk(root, path: "", pattern: "")
    }

    /// How many elements the list at `path` has.
    func length(of path: String) -> Int { lengths[path] ?? 0 }

    /// Where `path` stands, or the nearest thing above it.
    func position(of path: String) -> YAMLPosition? {
        var path = path
        while true {
            if let node = found[path] { return node.position }
            guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
            path = String(path[..<cut])
        }
    }

    mutating func report(_ path: String, _ message: String) {
        problems.append(SourceProblem(file, at: position(of: path), path, message))
    }

    // MARK: - Values

    /// The text at `path`, or its default; `nil` where there is neither.
    mutating func text(_ path: String) -> String? {
        guard let node = found[path] else { return absent(path) }
        guard case .string(let text) = node.content else {
            switch node.content {
            case .sequence, .mapping: report(path, "\(node.kindName) where a text is expected")
            default: report(path, "\(node.kindName) where a text is expected: put it in quotes")
            }
            return nil
        }
        if text.allSatisfy(\.isWhitespace) {
            report(path, "is empty: give it a value or leave it out")
            return nil
        }
        return text
    }

    /// One of the words of its form; the default when it is something else, which is reported.
    mutating func choice(_ path: String) -> String? {
        guard case .choice(let words) = form(path) else { return nil }
        guard let word = text(path) else { return nil }
        if !words.contains(word) { report(path, "`\(word)` is none of them: " + suggestion(for: word, among: words)) }
        return word
    }

    mutating func boolean(_ path: String) -> Bool {
        let standard = absent(path) == "true"
        guard let node = found[path] else { return standard }
        if case .bool(let value) = node.content { return value }
        report(path, "\(node.kindName) where `true` or `false` is expected")
        return standard
    }

    mutating func integer(_ path: String) -> Int? {
        guard case .integer(let range) = form(path) else { return nil }
        guard let node = found[path] else { return absent(path).flatMap(Int.init) }
        guard case .integer(let value) = node.content, let value = Int(exactly: value) else {
            report(path, "\(node.kindName) where a whole number is expected")
            return nil
        }
        if !range.contains(value) {
            report(path, "\(value) is out of range: \(range.lowerBound) … \(range.upperBound)")
        }
        return value
    }

    mutating func duration(_ path: String) -> Duration {
        guard case .duration(let range) = form(path), let standard = absent(path).flatMap(DurationText.parse) else {
            return .zero
        }
        guard let node = found[path] else { return standard }
        let advice = "write a number with a unit, as in `\(DurationText.text(standard))`"
        guard case .string(let text) = node.content else {
            report(path, "\(node.kindName) where a duration is expected: \(advice)")
            return standard
        }
        guard let value = DurationText.parse(text) else {
            report(path, "`\(text)` is no duration: \(advice)")
            return standard
        }
        if !range.contains(value) {
            let bounds = "\(DurationText.text(range.lowerBound)) … \(DurationText.text(range.upperBound))"
            report(path, "\(text) is out of range: \(bounds)")
        }
        return value
    }

    /// Names and texts, in order.
    mutating func map(_ path: String) -> [(name: String, value: String)] {
        guard let node = found[path] else { return [] }
        guard case .mapping(let entries) = node.content else {
            report(path, "\(node.kindName) where names and texts are expected")
            return []
        }
        var result: [(name: String, value: String)] = []
        for (key, value) in entries {
            guard case .string(let name) = key.content, case .string(let text) = value.content else {
                problems.append(
                    SourceProblem(file, at: value.position, path, "name and value must be texts: put them in quotes"))
                continue
            }
            result.append((name, text))
        }
        return result
    }

    // MARK: - Walking

    private mutating func walk(_ node: YAMLNode, path: String, pattern: String) {
        if case .null = node.content { return }
        found[path] = node
        if ConfigurationKey.byPath[pattern] != nil { return }
        if ConfigurationKey.hasList(at: pattern) {
            guard case .sequence(let items) = node.content else {
                return report(path, "\(node.kindName) where a list is expected")
            }
            lengths[path] = items.count
            for (index, item) in items.enumerated() { walk(item, path: "\(path)[\(index)]", pattern: pattern + "[]") }
            return
        }
        guard case .mapping(let entries) = node.content else {
            return report(path, "\(node.kindName) where keys and values are expected")
        }
        let names = ConfigurationKey.names(below: pattern)
        for (key, value) in entries {
            guard case .string(let name) = key.content, names.contains(name) else {
                let word = if case .string(let text) = key.content { text } else { key.kindName }
                problems.append(
                    SourceProblem(
                        file, at: key.position, path, "unknown key `\(word)`: " + suggestion(for: word, among: names)))
                continue
            }
            walk(
                value, path: path.isEmpty ? name : "\(path).\(name)",
                pattern: pattern.isEmpty ? name : "\(pattern).\(name)")
        }
    }

    /// The default as text; reports a key that must be there.
    private mutating func absent(_ path: String) -> String? {
        switch key(path)?.absence {
        case .value(let text): return text
        case .refused:
            if found[path] == nil { report(path, "is missing") }
            return nil
        case .otherwise, nil: return nil
        }
    }

    private func form(_ path: String) -> ConfigurationKey.Form? { key(path)?.form }

    private func key(_ path: String) -> ConfigurationKey? {
        var pattern = ""
        var isIndex = false
        for character in path {
            if character == "]" { isIndex = false }
            if !isIndex { pattern.append(character) }
            if character == "[" { isIndex = true }
        }
        return ConfigurationKey.byPath[pattern]
    }
}
