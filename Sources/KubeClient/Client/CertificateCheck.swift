import HTTP
public import OS
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

extension ClusterConfiguration {
    /// `error` with what is wrong with the certificates that the server showed (PEM, its own first): another name,
    /// another authority, dates. Any error but a failed handshake comes back as it was.
    public func explain(
        _ error: KubernetesError, serverChain: [UInt8], now: Timestamp = .now()
    ) -> KubernetesError {
        guard case .transport(var failure, let operation) = error, failure.kind == .tls else { return error }
        guard let chain = try? Certificate.parse(pem: serverChain) else { return error }
        var authority: [UInt8]?
        if case .pem(let pem) = tls.trust { authority = pem }
        let problems = TLSInspection.problems(
            trust: authority, host: tls.serverName ?? host, serverChain: chain, now: now)
        if problems.isEmpty { return error }
        failure.message += ": " + problems.joined(separator: "; ") + " (\(source))"
        return .transport(failure, operation)
    }

    /// The host of the server's URL.
    var host: String {
        let authority = server.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }
}

extension Certificate {
    /// Whether `now` lies within its validity.
    func isValid(_ now: Timestamp) -> Bool { notBefore <= now && now <= notAfter }
}
