import COpenSSL
import Glibc
public import OS

/// Looks at certificates before, or after, a handshake fails, and says what is wrong in words that help.
public enum TLSInspection {
    /// Everything wrong with the given TLS material; empty when nothing is.
    ///
    /// - Parameters:
    ///   - trust: PEM of the certificates to trust; `nil` for the system's, which are not looked at.
    ///   - clientCertificate: PEM of the chain to show.
    ///   - clientKey: PEM of its key.
    ///   - host: whom the server's certificate must name.
    ///   - serverChain: what the server showed, its own certificate first, when that is known.
    ///   - now: the time to judge by.
    public static func problems(
        trust: [UInt8]? = nil, clientCertificate: [UInt8]? = nil, clientKey: [UInt8]? = nil, host: String? = nil,
        serverChain: [Certificate] = [], now: Timestamp
    ) -> [String] {
        var problems: [String] = []
        var trusted: [Certificate] = []
        if let trust {
            do throws(CertificateError) { trusted = try Certificate.parse(pem: trust) } catch {
                problems.append("trusted CA: \(error)")
            }
            for certificate in trusted {
                problems += validity(certificate, "trusted CA", now)
                if !certificate.isCA, serverChain.first != certificate {
                    problems.append(
                        "trusted CA `\(certificate.subject)` is none (CA:FALSE): it vouches for no other certificate")
                }
            }
        }
        problems += client(clientCertificate, clientKey, now)
        problems += server(serverChain, host, trust == nil ? nil : trusted, now)
        return problems
    }

    private static func validity(_ certificate: Certificate, _ role: String, _ now: Timestamp) -> [String] {
        if now > certificate.notAfter {
            return ["\(role) `\(certificate.subject)` expired on \(shown(certificate.notAfter))"]
        }
        if now < certificate.notBefore {
            return ["\(role) `\(certificate.subject)` is valid only from \(shown(certificate.notBefore))"]
        }
        return []
    }

    private static func client(_ certificate: [UInt8]?, _ key: [UInt8]?, _ now: Timestamp) -> [String] {
        guard let certificate else {
            return key == nil ? [] : ["client key: there is no certificate for it"]
        }
        var problems: [String] = []
        var leaf: Certificate?
        do throws(CertificateError) {
            let chain = try Certificate.parse(pem: certificate)
            leaf = chain.first
            for certificate in chain { problems += validity(certificate, "client certificate", now) }
        } catch {
            problems.append("client certificate: \(error)")
        }
        guard let key else { return problems + ["client certificate: there is no key for it"] }
        do throws(CertificateError) {
            let publicKey = try KeyObject(pem: key).publicDER
            if let leaf, leaf.publicKey != publicKey {
                problems.append("client key does not match certificate `\(leaf.subject)`: it belongs to another one")
            }
        } catch {
            problems.append("client key: \(error)")
        }
        return problems
    }

    private static func server(
        _ chain: [Certificate], _ host: String?, _ trusted: [Certificate]?, _ now: Timestamp
    ) -> [String] {
        guard let leaf = chain.first else { return [] }
        var problems: [String] = []
        for certificate in chain { problems += validity(certificate, "server certificate", now) }
        if let host, !leaf.covers(host) {
            let names = leaf.dnsNames + leaf.ipAddresses
            let has = names.isEmpty ? "none (the common name does not count)" : names.joined(separator: ", ")
            problems.append("server certificate `\(leaf.subject)`: name not in SAN: wanted \(host), has \(has)")
        }
        if let trusted, let reason = distrust(chain, trusted, now) {
            problems.append(
                "server certificate `\(leaf.subject)`, issued by `\(leaf.issuer)`, is not trusted: \(reason)")
        }
        return problems
    }

    /// Why `chain` does not lead to a trusted certificate; `nil` when it does, or when the dates, told already, are why.
    private static func distrust(_ chain: [Certificate], _ trusted: [Certificate], _ now: Timestamp) -> String? {
        let chainObjects = chain.compactMap { X509Object(der: $0.der) }
        let trustedObjects = trusted.compactMap { X509Object(der: $0.der) }
        var chainPointers: [OpaquePointer?] = chainObjects.map(\.pointer)
        var trustedPointers: [OpaquePointer?] = trustedObjects.map(\.pointer)
        let result = withExtendedLifetime((chainObjects, trustedObjects)) {
            glue_verify_chain(
                &chainPointers, Int32(chainPointers.count), &trustedPointers, Int32(trustedPointers.count),
                time_t(now.milliseconds / 1000))
        }
        switch result {
        case X509_V_OK, X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: return nil
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            let known = trusted.map { "`\($0.subject)`" }.joined(separator: ", ")
            return "none of the trusted CAs issued it (they are: \(known.isEmpty ? "none" : known))"
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return "its chain ends in a self-signed certificate that is not among the trusted CAs"
        default: return String(cString: X509_verify_cert_error_string(Int(result)))
        }
    }

    private static func shown(_ time: Timestamp) -> String { time.iso(fraction: 0, zone: "Z") }
}
