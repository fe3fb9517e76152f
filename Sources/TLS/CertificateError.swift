import COpenSSL

/// Why a certificate or a key could not be read or made. Never quotes what it read.
public enum CertificateError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The text has no PEM block of a certificate.
    case noCertificate
    /// The n-th block (from 1) claims to be a certificate and is none.
    case unreadableCertificate(number: Int, reason: String)
    /// The key is no PEM, of a kind not known, or locked by a password.
    case unreadableKey(reason: String)
    /// A name that no certificate can carry.
    case invalidName(String)
    /// OpenSSL refused a step.
    case failed(step: String, reason: String)

    /// One sentence, lower case.
    public var description: String {
        switch self {
        case .noCertificate: "no PEM certificate in it (expected `-----BEGIN CERTIFICATE-----`)"
        case .unreadableCertificate(let number, let reason): "certificate \(number) cannot be read: \(reason)"
        case .unreadableKey(let reason): "the private key cannot be read: \(reason)"
        case .invalidName(let name): "`\(name)` is neither a DNS name nor an IP address"
        case .failed(let step, let reason): "cannot \(step): \(reason)"
        }
    }
}

/// OpenSSL's own reason for the latest failure; empties its queue, which the next failure would otherwise inherit.
func takeOpenSSLReason() -> String {
    var reason: String?
    while true {
        let code = ERR_get_error()
        if code == 0 { return reason ?? "no reason given" }
        if let text = ERR_reason_error_string(code) { reason = String(cString: text) }
    }
}
