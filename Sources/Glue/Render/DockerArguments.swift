/// What of a task's `docker run` arguments has a meaning for a pod: environment variables. The rest is named.
struct DockerArguments: Sendable, Equatable {
    /// In order.
    var environment: [EnvironmentVariable] = []
    /// The options that are not applied, without their values.
    var ignored: [String] = []

    /// Why the text cannot be read.
    struct Fault: Error, Equatable {
        let message: String
    }

    init(parsing text: String) throws(Fault) {
        var words = try Self.words(text)[...]
        while let word = words.popFirst() {
            var assignment: String?
            if word == "-e" || word == "--env" {
                guard let next = words.popFirst() else { throw Fault(message: "`\(word)` has nothing after it") }
                assignment = next
            } else if word.hasPrefix("--env=") {
                assignment = String(word.dropFirst(6))
            } else if word.hasPrefix("-e"), !word.hasPrefix("--") {
                assignment = String(word.dropFirst(2))
            }
            guard let assignment else {
                ignored.append(String(word.prefix { $0 != "=" }.prefix(64)))
                // Its value, if it stands apart.
                if !word.contains("="), let next = words.first, !next.hasPrefix("-") { words.removeFirst() }
                continue
            }
            guard let equals = assignment.firstIndex(of: "=") else {
                // Docker would copy the variable from the machine it runs on; a pod has none to copy from.
                ignored.append("-e \(assignment.prefix(64))")
                continue
            }
            environment.append(
                EnvironmentVariable(
                    name: String(assignment[..<equals]), value: String(assignment[assignment.index(after: equals)...])))
        }
    }

    /// Words as a POSIX shell splits them; nothing is expanded.
    static func words(_ text: String) throws(Fault) -> [String] {
        var words: [String] = []
        var word = ""
        // Whether a word has begun: an empty one in quotes is one, too.
        var isInside = false
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                // Inside double quotes a backslash is itself unless it hides something.
                if quote == "\"", !"\"\\$`".contains(character) { word.append("\\") }
                word.append(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
                isInside = true
            } else if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                isInside = true
            } else if character.isWhitespace {
                if isInside { words.append(word) }
                word = ""
                isInside = false
            } else {
                word.append(character)
                isInside = true
            }
        }
        if let quote { throw Fault(message: "the quote \(quote) is never closed") }
        if isEscaped { throw Fault(message: "ends with a backslash") }
        if isInside { words.append(word) }
        return words
    }
}
