import HTTP

/// The address of a repository, without anything secret in it. Pure.
struct GitURL: Sendable, Equatable {
    /// What git gets as an argument.
    var url: String
    /// The host, for credentials; `nil` for a local path.
    var host: String?
    /// The user of the URL, where it is a secret or belongs to one.
    var user: String?
    /// The password or token that was in the URL.
    var password: Secret<String>?

    /// Reads `text`. Credentials come out of the URL; with `prefersHTTPS` an ssh address becomes an https one,
    /// because there is a password for the host and no key.
    init(_ text: String, prefersHTTPS: (_ host: String) -> Bool = { _ in false }) {
        guard let scheme = text.range(of: "://") else {
            // scp-like: [user@]host:path, unless a slash comes before the colon.
            if let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/"), !text[..<colon].isEmpty {
                let host = String(text[..<colon].split(separator: "@").last ?? "")
                self.host = host
                url =
                    prefersHTTPS(host)
                    ? "https://\(host)/\(text[text.index(after: colon)...].drop { $0 == "/" })" : text
            } else {
                url = text
            }
            return
        }
        let name = text[..<scheme.lowerBound].lowercased()
        let rest = text[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(authority.count)
        let at = authority.lastIndex(of: "@")
        let place = at.map { authority[authority.index(after: $0)...] } ?? authority[...]
        let identity = at.map { authority[..<$0] }
        // Brackets around an IPv6 address hold colons of their own.
        let end =
            place.hasPrefix("[") ? place.firstIndex(of: "]").map { place.index(after: $0) } : place.firstIndex(of: ":")
        let host = String(end.map { place[..<$0] } ?? place)
        self.host = host.isEmpty ? nil : host
        if name == "ssh" || name == "git+ssh" {
            url = prefersHTTPS(host) ? "https://\(host)\(path)" : text
            return
        }
        if name == "http" || name == "https", let identity {
            let parts = identity.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 {
                user = decoded(parts[0])
                password = Secret(decoded(parts[1]))
            } else {
                // https://token@host: the token is the user, and any password will do.
                user = decoded(identity)
            }
        }
        url = user == nil ? text : "\(text[..<scheme.lowerBound])://\(place)\(path)"
    }
}

/// Percent-decoding, as far as a URL's identity needs it.
private func decoded(_ text: some StringProtocol) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "%"), rest.count >= 2,
            let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
        {
            bytes.append(value)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

extension String {
    /// The first place where `text` stands.
    fileprivate func range(of text: String) -> Range<Index>? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(text) { return at..<index(at, offsetBy: text.count) }
            at = index(after: at)
        }
        return nil
    }
}
