/// A path into a document (RFC 6901): `/metadata/labels/app.kubernetes.io~1name`.
public struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
    /// The member names and list indices on the way, unescaped.
    public let tokens: [String]

    /// A pointer along `tokens`.
    public init(tokens: [String]) { self.tokens = tokens }

    /// Reads a pointer; `nil` when it neither is empty nor starts with a slash, or has a `~` that escapes nothing.
    public init?(_ text: String) {
        if text.isEmpty {
            tokens = []
            return
        }
        guard text.utf8.first == UInt8(ascii: "/") else { return nil }
        var tokens: [String] = []
        // By scalars, since a combining mark would hide the slash before it from a view by characters.
        for part in text.unicodeScalars.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            var token = String.UnicodeScalarView()
            var isEscape = false
            for scalar in part {
                switch (isEscape, scalar) {
                case (true, "0"): token.append("~")
                case (true, "1"): token.append("/")
                case (true, _): return nil
                case (false, "~"): break
                case (false, _): token.append(scalar)
                }
                isEscape = !isEscape && scalar == "~"
            }
            if isEscape { return nil }
            tokens.append(String(token))
        }
        self.tokens = tokens
    }

    /// The pointer as RFC 6901 writes it.
    public var description: String {
        var text = ""
        for token in tokens {
            text += "/"
            for scalar in token.unicodeScalars {
                switch scalar {
                case "~": text += "~0"
                case "/": text += "~1"
                default: text.unicodeScalars.append(scalar)
                }
            }
        }
        return text
    }

    /// Whether `other` lies below this place.
    func contains(_ other: JSONPointer) -> Bool {
        other.tokens.count > tokens.count && other.tokens.starts(with: tokens)
    }
}

extension JSONValue {
    /// The value at `pointer`, if there is one.
    public func value(at pointer: JSONPointer) -> JSONValue? {
        var current = self
        for token in pointer.tokens {
            switch current {
            case .object(let members):
                guard let next = members[token] else { return nil }
                current = next
            case .array(let elements):
                guard let place = JSONPointer.index(token), elements.indices.contains(place) else { return nil }
                current = elements[place]
            default: return nil
            }
        }
        return current
    }
}

extension JSONPointer {
    /// A list index: decimal, without leading zeros.
    static func index(_ token: String) -> Int? {
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            token == "0" || token.utf8.first != 0x30
        else { return nil }
        return Int(token)
    }
}
