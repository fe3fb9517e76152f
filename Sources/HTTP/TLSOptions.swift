/// Whom a transport trusts, and as whom it appears. PEM stays in memory.
public struct TLSOptions: Sendable, Equatable {
    /// The roots to trust.
    public enum Trust: Sendable, Equatable {
        /// The system's.
        case system
        /// These, and no others: a bundle of PEM certificates.
        case pem([UInt8])
        /// Anybody. The caller has said so loudly and for this host alone.
        case insecureAnyCertificate
    }

    /// The roots to trust.
    public var trust: Trust
    /// The certificate chain to show, PEM.
    public var clientCertificate: [UInt8]?
    /// Its key, PEM.
    public var clientKey: Secret<[UInt8]>?
    /// The name to check instead of the URL's host.
    public var serverName: String?

    /// The system's roots and no client certificate, unless stated.
    public init(
        trust: Trust = .system, clientCertificate: [UInt8]? = nil, clientKey: Secret<[UInt8]>? = nil,
        serverName: String? = nil
    ) {
        self.trust = trust
        self.clientCertificate = clientCertificate
        self.clientKey = clientKey
        self.serverName = serverName
    }
}
