/// A version of the ClearML API, `2.34`.
public struct APIVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Before the dot.
    public let major: Int
    /// After it.
    public let minor: Int

    /// A version with the given parts.
    public init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `2.34`; anything after a second dot is ignored.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, let major = Int(parts[0]), let minor = Int(parts[1]) else { return nil }
        self.init(major, minor)
    }

    /// The oldest that this client works with: `tasks.edit_runtime` came with it.
    public static let needed = APIVersion(2, 34)

    /// `2.34`.
    public var description: String { "\(major).\(minor)" }

    /// Older first.
    public static func < (left: APIVersion, right: APIVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}

/// What a server says about itself in the token it gives out.
public struct ServerVersion: Sendable, Hashable, CustomStringConvertible {
    /// The API's version.
    public let api: APIVersion
    /// The server's own, `2.3.0`; empty when it does not say.
    public let server: String

    /// A version with the given parts.
    public init(api: APIVersion, server: String) {
        self.api = api
        self.server = server
    }

    /// `server 2.3.0, API 2.34`.
    public var description: String { "server \(server.isEmpty ? "unknown" : server), API \(api)" }
}
