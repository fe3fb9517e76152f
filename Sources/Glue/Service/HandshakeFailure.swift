import ClearMLClient
import CurlTransport
import HTTP
import OS
import TLS

/// A failed handshake with the ClearML server in words: whose certificate it showed, and what is wrong with it.
enum HandshakeFailure {
    /// `error`, explained if it is such a failure; any other comes back as it was.
    static func explain(
        _ error: ClearMLError, settings: ClearMLSettings, transport: CurlTransport
    ) async -> ClearMLError {
        guard case .transport(var failure, let action) = error, failure.kind == .tls else { return error }
        var trust: [UInt8]?
        if case .pem(let pem) = settings.tls.trust { trust = pem }
        var problems: [String] = []
        if let shown = try? await transport.certificates(shownBy: settings.apiHost),
            let chain = try? Certificate.parse(pem: shown)
        {
            problems = TLSInspection.problems(
                trust: trust, host: settings.tls.serverName ?? host(of: settings.apiHost), serverChain: chain,
                now: .now())
        }
        failure.message += problems.isEmpty ? "" : ": " + problems.joined(separator: "; ")
        failure.message += " — `clearml.caFile` (or CLEARML_CA_FILE) names the authorities to trust"
        return .transport(failure, action: action)
    }

    private static func host(of url: String) -> String {
        let authority = url.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }
}
