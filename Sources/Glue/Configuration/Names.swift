import Handoff

/// What names may look like.
enum Names {
    /// A rule and its wording.
    struct Rule: Sendable {
        let words: String
        let allows: @Sendable (String) -> Bool
    }

    /// RFC 1123 label: a namespace, a container.
    static let label = Rule(
        words: "lower-case letters, digits and `-`, at most 63, beginning and ending with a letter or digit"
    ) { name in
        (1...63).contains(name.utf8.count) && name.utf8.allSatisfy { isLowerOrDigit($0) || $0 == UInt8(ascii: "-") }
            && isLowerOrDigit(name.utf8.first ?? 0) && isLowerOrDigit(name.utf8.last ?? 0)
    }

    /// RFC 1123 subdomain: a Secret.
    static let subdomain = Rule(words: "lower-case letters, digits, `-` and `.`, at most 253") { name in
        name.utf8.count <= 253
            && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label.allows(String($0)) }
    }

    /// A name for people, which also stands in queue names.
    static let display = Rule(words: "1 to 63 letters, digits, `-`, `_` and `.`") { name in
        (1...63).contains(name.utf8.count) && name.utf8.allSatisfy { isWord($0) }
    }

    /// A resource that some device plugin provides: `nvidia.com/gpu`.
    static func isExtendedResource(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, subdomain.allows(String(parts[0])), parts[0].contains("."),
            (1...63).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(isWord),
            isAlphanumeric(parts[1].utf8.first ?? 0), isAlphanumeric(parts[1].utf8.last ?? 0)
        else { return false }
        return parts[0] != "kubernetes.io" && !parts[0].hasSuffix(".kubernetes.io") && !name.hasPrefix("requests.")
    }

    /// Why a variable of that name cannot be set by others than glue; `nil` when it can.
    static func problem(ofVariable name: String) -> String? {
        let bytes = name.utf8
        guard let first = bytes.first, !isDigit(first), bytes.count <= 253, bytes.allSatisfy(isWord) else {
            return "`\(name.prefix(64))` is no name of an environment variable"
        }
        if isReserved(name) { return "the environment variable `\(name)` is set by glue" }
        return nil
    }

    /// Whether glue sets that variable itself.
    static func isReserved(_ name: String) -> Bool {
        name.hasPrefix("GLUE_") || name == Handoff.Variable.workerID
            || ["CLEARML_API_HOST", "CLEARML_API_ACCESS_KEY", "CLEARML_API_SECRET_KEY"].contains(name)
    }

    /// `text` as a label value: other characters become `-`, at most 63, letters or digits at both ends; perhaps empty.
    static func labelValue(_ text: String) -> String {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars where bytes.count < 256 {
            let byte = scalar.isASCII ? UInt8(scalar.value) : UInt8(ascii: "-")
            bytes.append(isWord(byte) ? byte : UInt8(ascii: "-"))
        }
        bytes = Array(bytes.drop { !isAlphanumeric($0) }.prefix(63))
        while let last = bytes.last, !isAlphanumeric(last) { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isLowerOrDigit(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) || isDigit(byte) }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLowerOrDigit(byte | 0x20) && byte >= 0x30 }
    /// A letter, a digit, `-`, `_` or `.`.
    private static func isWord(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
    }
}
