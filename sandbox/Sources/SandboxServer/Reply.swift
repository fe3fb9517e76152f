public import HTTP

/// What a backend answers to one request.
public enum Reply: Sendable {
    /// A response that is there, whole.
    case whole(HTTPResponse)
    /// A response that is there, whole, and what to do once the kernel has taken all of it (`true`) or the client has
    /// gone before that (`false`).
    case wholeThen(HTTPResponse, @Sendable (Bool) async -> Void)
    /// A response whose body arrives in chunks.
    case stream(HTTPStream)
    /// No response: the connection is closed, as if the network had failed.
    case dropConnection
}

/// Who asks: the other end of the connection.
public struct Peer: Sendable, Hashable, CustomStringConvertible {
    /// Address and port, `127.0.0.1:40312`.
    public let description: String

    /// A peer with the given text.
    public init(_ description: String) { self.description = description }
}

/// Answers requests. It is called once for each request, from many connections at once.
public typealias Responder = @Sendable (HTTPRequest, Peer) async -> Reply

/// What a TLS server shows: its chain and its key, both PEM.
public struct ServerIdentity: Sendable {
    /// The certificate, then those above it.
    public let certificatePEM: [UInt8]
    /// Its private key.
    public let keyPEM: Secret<[UInt8]>

    /// An identity with the given parts.
    public init(certificatePEM: [UInt8], keyPEM: Secret<[UInt8]>) {
        self.certificatePEM = certificatePEM
        self.keyPEM = keyPEM
    }
}

/// Why a server could not start.
public enum ServerError: Error, Sendable, CustomStringConvertible {
    /// The address could not be listened on.
    case cannotListen(host: String, port: Int, reason: String)
    /// Certificate or key cannot be used.
    case badIdentity(reason: String)

    /// What failed, on what, and why.
    public var description: String {
        switch self {
        case .cannotListen(let host, let port, let reason): "cannot listen on `\(host):\(port)`: \(reason)"
        case .badIdentity(let reason): "cannot use the server's certificate and key: \(reason)"
        }
    }
}
