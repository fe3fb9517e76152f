/// An absolute `http` or `https` URL, split where somebody must change it or show it.
public struct URLParts: Sendable, Equatable {
    /// `http` or `https`.
    public let scheme: String
    /// `user:password`, if any.
    public let userInfo: Secret<String>?
    /// Name or address; an IPv6 address in its brackets.
    public let host: String
    /// `:8443`, or empty.
    public let port: String
    /// From the first slash to before the query; may be empty.
    public let path: String
    /// The query with its question mark, or empty; a fragment counts to it.
    public let query: String

    /// Splits `url`; `nil` when it is not absolute, of another scheme, or without a host.
    public init?(_ url: String) {
        let colon = url.firstIndex(of: ":") ?? url.endIndex
        guard url[colon...].hasPrefix("://") else { return nil }
        scheme = url[..<colon].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let rest = url[url.index(colon, offsetBy: 3)...]
        let authorityEnd = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        var authority = rest[..<authorityEnd]
        if let at = authority.lastIndex(of: "@") {
            userInfo = Secret(String(authority[..<at]))
            authority = authority[authority.index(after: at)...]
        } else {
            userInfo = nil
        }
        let afterAddress = authority.lastIndex(of: "]") ?? authority.startIndex
        let portStart = authority[afterAddress...].firstIndex(of: ":") ?? authority.endIndex
        host = String(authority[..<portStart])
        port = String(authority[portStart...])
        guard !host.isEmpty else { return nil }
        let queryStart = rest[authorityEnd...].firstIndex { "?#".contains($0) } ?? rest.endIndex
        path = String(rest[authorityEnd..<queryStart])
        query = String(rest[queryStart...])
    }

    /// Host and port, as the `Host` field has them.
    public var authority: String { host + port }

    /// For messages: no user, no password, no query (which may be a signature).
    public var shown: String { "\(scheme)://\(host)\(port)\(path)" }

    /// The same URL, user and password included, on another host.
    public func url(withHost name: String) -> String {
        let bracketed = name.contains(":") && !name.hasPrefix("[") ? "[\(name)]" : name
        let user = userInfo.map { $0.reveal() + "@" } ?? ""
        return "\(scheme)://\(user)\(bracketed)\(port)\(path)\(query)"
    }
}
