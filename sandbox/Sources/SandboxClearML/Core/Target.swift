/// An API version as paths and endpoints name it.
struct APIVersion: Comparable, Sendable, CustomStringConvertible {
    let major: Int
    let minor: Int

    static let newest = APIVersion(major: 2, minor: 34)
    static let first = APIVersion(major: 1, minor: 0)

    init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `2.34`.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]) else { return nil }
        self.init(major: major, minor: minor)
    }

    var description: String { "\(major).\(minor)" }

    static func < (left: APIVersion, right: APIVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}

/// What a URL asks for: `[scheme://host]/[v2.5/]service.action[/][?a=b]`.
struct Target {
    /// The decoded path, version and all.
    let path: String
    /// `service.action`.
    let action: String
    /// The version in the path; without one, the newest.
    let version: APIVersion
    /// The query's fields, decoded, in order.
    let query: [(String, String)]

    init(url: String) {
        var rest = url[...]
        if let scheme = rest.firstRange(of: "://") {
            rest = rest[scheme.upperBound...]
            rest = rest.firstIndex(of: "/").map { rest[$0...] } ?? "/"
        }
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = percentDecoded(parts[0])
        query = parts.count > 1 ? formFields(parts[1]) : []
        var segments = path.split(separator: "/")
        if segments.count > 1, segments[0].hasPrefix("v"), let version = APIVersion(segments[0].dropFirst()) {
            self.version = version
            segments.removeFirst()
        } else {
            version = .newest
        }
        action = segments.joined(separator: "/")
    }
}

/// The fields of `a=1&b=x%20y`.
func formFields(_ text: some StringProtocol) -> [(String, String)] {
    text.split(separator: "&").map { field in
        let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count > 1 ? String(parts[1].map { $0 == "+" ? " " : $0 }) : ""
        return (percentDecoded(parts[0]), percentDecoded(value))
    }
}

/// `%41` → `A`; what is no escape stays as it is.
func percentDecoded(_ text: some StringProtocol) -> String {
    var bytes: [UInt8] = []
    var source = Array(text.utf8)[...]
    while let byte = source.popFirst() {
        if byte == UInt8(ascii: "%"), source.count >= 2,
            let value = UInt8(String(decoding: source.prefix(2), as: UTF8.self), radix: 16)
        {
            bytes.append(value)
            source = source.dropFirst(2)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
