/// The one seam to the network: send a request, get a response. A status of 400 or more is a response, not an error.
///
/// Two implementations live in the project: `CurlTransport`, and `ScriptedTransport` for tests. Neither retries
/// (that is `RetryingTransport`) and neither follows redirects (credentials must not travel to another host).
public protocol HTTPTransport: Sendable {
    /// Sends `request` and reads the response whole, at most `bodyLimit` bytes of it.
    func send(_ request: HTTPRequest, bodyLimit: Int) async throws(HTTPError) -> HTTPResponse
    /// Sends `request` and returns once the response's head is there.
    func stream(_ request: HTTPRequest) async throws(HTTPError) -> HTTPStream
}

extension HTTPTransport {
    /// Sends `request` and reads the response whole, at most 256 MiB of it.
    public func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        try await send(request, bodyLimit: 256 << 20)
    }
}

/// Why an exchange gave no response.
public struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The stage that failed.
    public enum Kind: Sendable, Equatable {
        /// The URL cannot be used.
        case invalidURL
        /// The host's name has no address.
        case nameResolution
        /// No connection: refused, unreachable, or too slow.
        case connect
        /// The TLS handshake failed: certificate, name, protocol.
        case tls
        /// A deadline passed.
        case timeout
        /// The connection broke, or what came is no HTTP.
        case protocolViolation
        /// The body is larger than the caller allows.
        case tooLarge
        /// The caller gave up.
        case cancelled
    }

    /// The stage that failed.
    public var kind: Kind
    /// Whether the server may have acted: false only when the request certainly was not sent.
    /// A write that fails with `true` is ambiguous: read before doing it again.
    public var mayHaveActed: Bool
    /// `GET https://host/path: connection refused`, without secrets.
    public var message: String

    /// An error with the given parts.
    public init(_ kind: Kind, mayHaveActed: Bool, _ message: String) {
        self.kind = kind
        self.mayHaveActed = mayHaveActed
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
