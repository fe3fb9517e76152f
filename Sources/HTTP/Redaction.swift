/// Takes secrets out of texts that name URLs: messages of git, of libraries, of servers.
public enum Redaction {
    /// What stands in a secret's place.
    public static let mark = "•••"

    /// `text` with the user information of every URL in it, and query parameters that sound secret, replaced.
    public static func urls(in text: String) -> String {
        var output = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let colon = start(in: rest) {
            let bodyStart = rest.index(colon, offsetBy: 3)
            output += rest[..<bodyStart]
            let end = rest[bodyStart...].firstIndex(where: isOutside) ?? rest.endIndex
            output += url(rest[bodyStart..<end]).unicodeScalars
            rest = rest[end...]
        }
        output += rest
        return String(output)
    }

    private static func start(in text: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView.Index? {
        text.indices.first { text[$0] == ":" && text[$0...].starts(with: "://".unicodeScalars) }
    }

    /// What ends a URL inside a sentence.
    private static func isOutside(_ scalar: UnicodeScalar) -> Bool {
        scalar.properties.isWhitespace || "\"'<>`".unicodeScalars.contains(scalar) || scalar.value < 0x20
    }

    /// What follows `://`, without its secrets.
    private static func url(_ text: Substring.UnicodeScalarView) -> String {
        let authorityEnd = text.firstIndex { "/?#".unicodeScalars.contains($0) } ?? text.endIndex
        let authority = text[..<authorityEnd]
        var output = ""
        if let at = authority.lastIndex(of: "@") {
            output += mark + String(authority[at...])
        } else {
            output += String(authority)
        }
        guard let question = text[authorityEnd...].firstIndex(of: "?") else {
            return output + String(text[authorityEnd...])
        }
        output += String(text[authorityEnd...question])
        let parameters = text[text.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
        output += parameters.map { parameter in
            guard let equals = parameter.firstIndex(of: "="), soundsSecret(String(parameter[..<equals])) else {
                return String(parameter)
            }
            return String(parameter[...equals]) + mark
        }.joined(separator: "&")
        return output
    }

    private static func soundsSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        let words = [
            "token", "secret", "password", "passwd", "signature", "credential", "apikey", "api_key", "access_key",
        ]
        return name == "sig" || name == "key"
            || words.contains { word in
                name.indices.contains { name[$0...].hasPrefix(word) }
            }
    }
}
