import HTTP
import OS
import TLS

extension ClusterConfiguration {
    /// What is wrong with the certificates, in words, before a handshake says it in codes. What may yet work (one of
    /// several authorities has expired, as after a rotation) becomes a warning.
    mutating func inspectCertificates(now: Timestamp) -> [String] {
        var authority: [UInt8]?
        if case .pem(let pem) = tls.trust { authority = pem }
        var problems = TLSInspection.problems(trust: authority, now: now)
        if let authority, let all = try? Certificate.parse(pem: authority),
            all.contains(where: { $0.isCA && $0.isValid(now) })
        {
            warnings += problems
            problems = []
        }
        problems += TLSInspection.problems(
            clientCertificate: tls.clientCertificate, clientKey: tls.clientKey?.reveal(), now: now)
        if let pem = tls.clientCertificate, let leaf = (try? Certificate.parse(pem: pem))?.first, leaf.isValid(now) {
            let left = leaf.notAfter.since(now)
            if left < .seconds(7 * 86_400) {
                warnings.append("the client certificate `\(leaf.subject)` expires on \(leaf.notAfter)")
            }
        }
        return problems
    }
}

extension Certificate {
    /// Whether `now` lies within its validity.
    func isValid(_ now: Timestamp) -> Bool { notBefore <= now && now <= notAfter }
}
