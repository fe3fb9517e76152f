import JSON

/// How a string is written: bare where nobody can mistake it, as a block when it has lines, else in double quotes.
enum YAMLText {
    /// On one line.
    static func inline(_ string: String) -> String { isPlainSafe(string) ? string : quoted(string) }

    /// As a literal block, when it has several lines and nothing a block cannot hold.
    static func block(_ string: String, indent: Int) -> String? {
        var lines = string.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 1, string.unicodeScalars.allSatisfy({ $0 == "\n" || $0 == "\t" || isPrintable($0) })
        else { return nil }
        let endsWithNewline = lines.last?.isEmpty == true
        if endsWithNewline { lines.removeLast() }
        // A first line that is empty or indented would set the wrong depth; empty lines at the end need `|+`.
        guard let first = lines.first?.unicodeScalars.first, first != " ", first != "\t", lines.last?.isEmpty == false,
            lines.allSatisfy({ $0.isEmpty || !$0.allSatisfy { $0 == " " || $0 == "\t" } })
        else { return nil }
        let pad = String(repeating: " ", count: indent)
        return (endsWithNewline ? "|\n" : "|-\n") + lines.map { $0.isEmpty ? "" : pad + $0 }.joined(separator: "\n")
    }

    private static func isPlainSafe(_ string: String) -> Bool {
        let scalars = string.unicodeScalars
        guard let first = scalars.first, let last = scalars.last, string.utf8.count <= 1000 else { return false }
        if !scalars.allSatisfy({ isPrintable($0) }) || first == " " || last == " " || last == ":" { return false }
        if "-?:,[]{}#&*!|>'\"%@`=<~".unicodeScalars.contains(first) {
            // `-v` and `--verbose` are common, and no list.
            let second = scalars.dropFirst().first
            guard first == "-", let second, second.properties.isAlphabetic || second == "-", !string.hasPrefix("---")
            else { return false }
        }
        if string.hasPrefix("...") { return false }
        var previous: UnicodeScalar = "x"
        for scalar in scalars {
            if previous == ":" && scalar == " " || previous == " " && scalar == "#" { return false }
            previous = scalar
        }
        if looksLikeNumber(scalars) { return false }
        guard case .string? = try? RawScalar.resolve(string) else { return false }
        return true
    }

    /// Anything some reader could take for a number, a time of day or a date.
    private static func looksLikeNumber(_ scalars: String.UnicodeScalarView) -> Bool {
        guard let first = scalars.first, isDigit(first) || "+-.".unicodeScalars.contains(first) else { return false }
        return scalars.contains(where: isDigit)
            && scalars.allSatisfy { isDigit($0) || "abcdefABCDEFxXoO_:.+-tTzZ ".unicodeScalars.contains($0) }
    }

    private static func isDigit(_ scalar: UnicodeScalar) -> Bool { (0x30...0x39).contains(scalar.value) }

    private static func isPrintable(_ scalar: UnicodeScalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7e, 0xa0...0x2027, 0x202a...0xd7ff, 0xe000...0xfefe, 0xff00...0xfffd, 0x10000...0x10ffff: true
        default: false
        }
    }

    private static func quoted(_ string: String) -> String {
        var text = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            case _ where isPrintable(scalar): text.unicodeScalars.append(scalar)
            default:
                // Every scalar outside the printable ones lies below U+10000.
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            }
        }
        return text + "\""
    }
}
