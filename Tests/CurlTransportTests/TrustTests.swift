import CurlTransport
import HTTP
import OS
import TLS
import Testing

@Suite("Trust", .serialized, .timeLimit(.minutes(1)))
struct TrustTests {
    let server: TLSServer

    init() throws { server = try TLSServer() }

    private func get(_ url: String, _ tls: TLSOptions) async throws -> String {
        String(decoding: try await makeTransport(tls).send(HTTPRequest(.get, url)).body, as: UTF8.self)
    }

    @Test("the right CA is enough, any other and the system's are refused before anything is sent")
    func authorities() async throws {
        let url = "https://localhost:\(server.valid)/"
        #expect(try await get(url, TLSOptions(trust: .pem(server.authority))) == "localhost:\(server.valid)")
        #expect(try await get(url, TLSOptions(trust: .insecureAnyCertificate)) == "localhost:\(server.valid)")
        for trust in [TLSOptions.Trust.pem(server.otherAuthority), .system, .pem(Array("no PEM".utf8))] {
            let error = await failure { try await get(url, TLSOptions(trust: trust)) }
            #expect(error?.kind == .tls && error?.mayHaveActed == false)
        }
        let error = await failure { try await get(url, TLSOptions(trust: .system)) }
        #expect(error?.message.contains("certificate") == true)
    }

    @Test("an expired certificate is refused, by name")
    func expired() async throws {
        let url = "https://localhost:\(server.expired)/"
        let error = await failure { try await get(url, TLSOptions(trust: .pem(server.authority))) }
        #expect(error?.kind == .tls && error?.mayHaveActed == false)
        #expect(error?.message.contains("expired") == true)
    }

    @Test("a name the certificate lacks is refused, and `serverName` says which to check")
    func names() async throws {
        let url = "https://127.0.0.1:\(server.valid)/"
        let error = await failure { try await get(url, TLSOptions(trust: .pem(server.authority))) }
        #expect(error?.kind == .tls && error?.mayHaveActed == false)
        let right = TLSOptions(trust: .pem(server.authority), serverName: "inside.example")
        #expect(try await get(url, right) == "127.0.0.1:\(server.valid)")
        let wrong = TLSOptions(trust: .pem(server.authority), serverName: "outside.example")
        #expect(await failure { try await get(url, wrong) }?.kind == .tls)
    }

    @Test("the client's certificate is shown when there is one")
    func clientCertificate() async throws {
        let url = "https://localhost:\(server.mutual)/"
        let shown = TLSOptions(
            trust: .pem(server.authority), clientCertificate: server.clientCertificate,
            clientKey: Secret(server.clientKey))
        #expect(try await get(url, shown) == "localhost:\(server.mutual)")
        #expect(await failure { try await get(url, TLSOptions(trust: .pem(server.authority))) } != nil)
        let broken = TLSOptions(
            trust: .pem(server.authority), clientCertificate: server.clientCertificate,
            clientKey: Secret(Array("-----BEGIN hunter2".utf8)))
        let error = await failure { try await get(url, broken) }
        #expect(error?.kind == .tls && error?.mayHaveActed == false)
        #expect(error?.message.contains("hunter2") == false)
    }

    @Test("what a server shows can be looked at, whatever is wrong with it")
    func shown() async throws {
        for port in [server.valid, server.expired, server.mutual] {
            let url = "https://127.0.0.1:\(port)/"
            let pem = try await makeTransport(TLSOptions(trust: .pem(server.otherAuthority))).certificates(shownBy: url)
            let chain = try Certificate.parse(pem: pem)
            #expect(chain.first?.dnsNames == ["localhost", "inside.example"])
            let problems = TLSInspection.problems(
                trust: server.authority, host: "localhost", serverChain: chain, now: .now())
            #expect(problems.count == (port == server.expired ? 1 : 0))
        }
        let error = await failure { try await makeTransport().certificates(shownBy: "https://127.0.0.1:1/") }
        #expect(error?.kind == .connect && error?.mayHaveActed == false)
    }
}
