public import HTTP
import OS

/// Where the API server is, whom to trust, and as whom to appear.
public struct ClusterConfiguration: Sendable {
    /// What proves who we are, besides a client certificate.
    public enum Credentials: Sendable, Equatable {
        /// Nothing.
        case none
        /// A bearer token.
        case token(Secret<String>)
        /// A bearer token in a file that somebody renews: it is read for each call.
        case tokenFile(String)
        /// A user name and a password.
        case basic(user: String, password: Secret<String>)
    }

    /// Scheme, host, port, perhaps a path.
    public var server: String
    /// Trust and client certificate.
    public var tls: TLSOptions
    /// What proves who we are.
    public var credentials: Credentials
    /// The namespace meant where none is given.
    public var namespace: String
    /// The HTTP proxy to go through.
    public var proxy: String?
    /// Where this comes from, for messages.
    public var source: String
    /// What is allowed and should be seen: certificates that nobody checks, one that will expire.
    public var warnings: [String] = []

    /// A configuration with the given parts.
    public init(
        server: String, tls: TLSOptions = .init(), credentials: Credentials = .none, namespace: String = "default",
        proxy: String? = nil, source: String = "given"
    ) {
        self.proxy = proxy
        self.server = server
        self.tls = tls
        self.credentials = credentials
        self.namespace = namespace
        self.source = source
    }

    /// The header that proves who we are; `nil` when none does.
    ///
    /// A token file is read for each call: it is small, in memory, and the kubelet replaces it at any time.
    func authorization(_ operation: ResourceOperation) throws(KubernetesError) -> String? {
        switch credentials {
        case .none: return nil
        case .token(let token): return "Bearer \(token.reveal())"
        case .basic(let user, let password):
            return "Basic " + Base64.encode(Array("\(user):\(password.reveal())".utf8))
        case .tokenFile(let path):
            let content: [UInt8]
            do throws(OSError) { content = try Files.read(path, limit: 1 << 20) } catch {
                throw .credentials("\(error) (the token of \(source))", operation)
            }
            let token = String(decoding: content, as: UTF8.self).trimmed
            if token.isEmpty { throw .credentials("the token file `\(path)` is empty", operation) }
            return "Bearer \(token)"
        }
    }
}

extension String {
    /// Without spaces and line breaks at both ends.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
