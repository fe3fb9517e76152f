/// A task's requirements, line by line, and what of them an interpreter has already. Pure.
struct Requirements: Sendable, Equatable {
    /// One line that asks for something.
    struct Line: Sendable, Equatable {
        /// As it stands.
        var text: String
        /// The package, normalised; `nil` for options, URLs and paths.
        var name: String?
        /// The exact version asked for; `nil` when none, or more than that, is asked for.
        var version: String?
        /// Only a name, or a name and an exact version: by this alone it can be told whether it is there.
        var isSimple: Bool
    }

    /// The lines, without comments and empty ones.
    var lines: [Line]

    /// Reads a requirements file's text.
    init(_ text: String) {
        lines = text.split(whereSeparator: \.isNewline).compactMap { Line(String($0)) }
    }

    init(lines: [Line]) { self.lines = lines }

    /// Whether there is something to install: options alone ask for nothing.
    var isEmpty: Bool { !lines.contains { !$0.isOption } }

    /// Whether `package` is asked for.
    func contains(_ package: String) -> Bool { lines.contains { $0.name == package } }

    /// What has to be installed where `installed` (normalised name → version) is there, and what has not.
    func divided(by installed: [String: String]) -> (missing: Requirements, present: Requirements) {
        let isThere = { (line: Line) -> Bool in
            guard line.isSimple, let name = line.name, let version = installed[name] else { return false }
            return line.version == nil || line.version == version
        }
        return (Requirements(lines: lines.filter { !isThere($0) }), Requirements(lines: lines.filter(isThere)))
    }

    /// As a file.
    var text: String { lines.map { $0.text + "\n" }.joined() }

    /// A package's name as indexes compare it (PEP 503).
    static func normalised(_ name: some StringProtocol) -> String {
        var result = ""
        var isSeparated = false
        for character in name.lowercased() {
            if "-_.".contains(character) {
                isSeparated = true
            } else {
                if isSeparated, !result.isEmpty { result.append("-") }
                isSeparated = false
                result.append(character)
            }
        }
        return result
    }
}

extension Requirements.Line {
    /// Whether it only tells how to install.
    var isOption: Bool {
        text.hasPrefix("-") && !["-e", "-r", "--editable", "--requirement"].contains(where: text.hasPrefix)
    }

    /// Reads one line; `nil` when nothing stands in it.
    init?(_ line: String) {
        var content = line[...]
        // A comment begins at the start or after a blank: `#egg=` in a URL is none.
        if let hash = content.indices.first(where: {
            content[$0] == "#" && ($0 == content.startIndex || content[content.index(before: $0)].isWhitespace)
        }) {
            content = content[..<hash]
        }
        let text = String(content.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        if text.isEmpty { return nil }
        self.text = text
        let name = text.prefix { $0.isLetter || $0.isNumber || "-_.".contains($0) }
        let rest = text.dropFirst(name.count).filter { !$0.isWhitespace }
        let looksLikeName = name.first.map { $0.isLetter || $0.isNumber } ?? false
        let isPlace = rest.hasPrefix(":") || rest.hasPrefix("/") || rest.hasPrefix("+") || name.hasSuffix(".whl")
        guard looksLikeName, !isPlace else {
            self.name = nil
            version = nil
            isSimple = false
            return
        }
        self.name = Requirements.normalised(name)
        let exact = rest.hasPrefix("==") && !rest.hasPrefix("===") ? String(rest.dropFirst(2)) : nil
        version = exact.flatMap { $0.allSatisfy { $0.isLetter || $0.isNumber || ".+!-_".contains($0) } ? $0 : nil }
        isSimple = rest.isEmpty || version != nil
    }
}
