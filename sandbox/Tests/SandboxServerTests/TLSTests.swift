import CurlTransport
import HTTP
import TLS
import Testing

@testable import SandboxServer

@Suite("The server over TLS", .timeLimit(.minutes(1)))
struct TLSTests {
    private func serving(_ body: (String, CertificateAuthority) async throws -> Void) async throws {
        let authority = try CertificateAuthority.make(name: "test")
        let issued = try authority.issue(names: ["127.0.0.1"], client: false)
        let identity = ServerIdentity(certificatePEM: issued.certificatePEM, keyPEM: Secret(issued.keyPEM))
        let server = try await SandboxServer.start(tls: identity) { request, _ in
            guard request.url == "/stream" else { return .whole(HTTPResponse(status: 200, body: request.body ?? [])) }
            let (chunks, feed) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
            for count in 0..<100 { feed.yield([UInt8](repeating: UInt8(count), count: 10_000)) }
            feed.finish()
            return .stream(HTTPStream(status: 200, headers: [:], chunks: chunks))
        }
        do {
            try await body("https://127.0.0.1:\(server.port)", authority)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    @Test("a client that trusts its authority sends megabytes and reads a stream")
    func trusted() async throws {
        try await serving { url, authority in
            let transport = CurlTransport(tls: TLSOptions(trust: .pem(authority.certificatePEM)), proxy: "")
            let body = [UInt8](repeating: 7, count: 5 << 20)
            let response = try await transport.send(HTTPRequest(.post, url + "/", body: body))
            #expect(response.status == 200 && response.body == body)
            var count = 0
            for try await chunk in try await transport.stream(HTTPRequest(.get, url + "/stream")).chunks {
                count += chunk.count
            }
            #expect(count == 1_000_000)
        }
    }

    @Test("a client that does not trust it gets no answer")
    func untrusted() async throws {
        try await serving { url, _ in
            let other = try CertificateAuthority.make(name: "other")
            let transport = CurlTransport(tls: TLSOptions(trust: .pem(other.certificatePEM)), proxy: "")
            let error = await #expect(throws: HTTPError.self) { try await transport.send(HTTPRequest(.get, url + "/")) }
            #expect(error?.kind == .tls)
        }
    }

    @Test("a certificate that is none is refused before listening")
    func badIdentity() async throws {
        let identity = ServerIdentity(certificatePEM: Array("no".utf8), keyPEM: Secret(Array("no".utf8)))
        let error = await #expect(throws: ServerError.self) {
            try await SandboxServer.start(tls: identity) { _, _ in .dropConnection }
        }
        #expect(error?.description.contains("certificate") == true)
    }
}
