import OS
import TLS
import Testing

@Suite("TLS inspection")
struct InspectionTests {
    // 2026-01-01T00:00:00Z
    let now = Timestamp(milliseconds: 1_767_225_600_000)
    let day = Duration.seconds(86_400)
    let authority: CertificateAuthority

    init() throws {
        authority = try CertificateAuthority.make(name: "ca", now: Timestamp(milliseconds: 1_767_225_600_000))
    }

    private func chain(_ issued: CertificateAuthority.Issued) throws -> [Certificate] {
        try Certificate.parse(pem: issued.certificatePEM)
    }

    @Test("nothing is wrong with what is right")
    func right() throws {
        let server = try authority.issue(names: ["a.example", "10.0.0.1"], now: now)
        let client = try authority.issue(names: ["me"], client: true, now: now)
        for host in ["a.example", "10.0.0.1"] {
            let problems = TLSInspection.problems(
                trust: authority.certificatePEM, clientCertificate: client.certificatePEM, clientKey: client.keyPEM,
                host: host, serverChain: try chain(server), now: now)
            #expect(problems == [])
        }
        #expect(TLSInspection.problems(now: now) == [])
    }

    @Test("an expired certificate and one not yet valid are told with their dates")
    func dates() throws {
        let old = try authority.issue(names: ["old"], client: true, now: now + .seconds(-10 * 86_400), validFor: day)
        let problems = TLSInspection.problems(
            clientCertificate: old.certificatePEM, clientKey: old.keyPEM, now: now)
        #expect(problems == ["client certificate `CN=old` expired on 2025-12-23T00:00:00Z"])
        let early = TLSInspection.problems(trust: authority.certificatePEM, now: now + .seconds(-86_400))
        #expect(early == ["trusted CA `CN=ca` is valid only from 2025-12-31T23:00:00Z"])
        let server = try authority.issue(names: ["old"], now: now + .seconds(-10 * 86_400), validFor: day)
        let late = TLSInspection.problems(
            trust: authority.certificatePEM, host: "old", serverChain: try chain(server), now: now)
        #expect(late == ["server certificate `CN=old` expired on 2025-12-23T00:00:00Z"])
    }

    @Test("a key of another certificate is told")
    func mismatch() throws {
        let one = try authority.issue(names: ["one"], client: true, now: now)
        let two = try authority.issue(names: ["two"], client: true, now: now)
        let problems = TLSInspection.problems(
            clientCertificate: one.certificatePEM, clientKey: two.keyPEM, now: now)
        #expect(problems == ["client key does not match certificate `CN=one`: it belongs to another one"])
    }

    @Test("half a pair is told, and what cannot be read is not quoted")
    func halves() throws {
        let client = try authority.issue(names: ["me"], client: true, now: now)
        #expect(
            TLSInspection.problems(clientCertificate: client.certificatePEM, now: now)
                == ["client certificate: there is no key for it"])
        #expect(
            TLSInspection.problems(clientKey: client.keyPEM, now: now)
                == ["client key: there is no certificate for it"])
        let problems = TLSInspection.problems(
            clientCertificate: client.certificatePEM, clientKey: Array("hunter2".utf8), now: now)
        #expect(problems.count == 1 && problems[0].hasPrefix("client key: the private key cannot be read: "))
        #expect(!problems[0].contains("hunter2"))
    }

    @Test("a trusted certificate that is no CA is told")
    func notCA() throws {
        let leaf = try authority.issue(names: ["leaf"], now: now)
        #expect(
            TLSInspection.problems(trust: leaf.certificatePEM, now: now)
                == ["trusted CA `CN=leaf` is none (CA:FALSE): it vouches for no other certificate"])
        // Trusted itself, it is fine as the server's own.
        let problems = TLSInspection.problems(
            trust: leaf.certificatePEM, host: "leaf", serverChain: try chain(leaf), now: now)
        #expect(problems == [])
        #expect(
            TLSInspection.problems(trust: Array("x".utf8), now: now)
                == ["trusted CA: no PEM certificate in it (expected `-----BEGIN CERTIFICATE-----`)"])
    }

    @Test("a name the certificate lacks is told with those it has")
    func names() throws {
        let server = try authority.issue(names: ["y.example", "10.0.0.1"], now: now)
        let problems = TLSInspection.problems(
            trust: authority.certificatePEM, host: "x.example", serverChain: try chain(server), now: now)
        #expect(
            problems == [
                "server certificate `CN=y.example`: name not in SAN: wanted x.example, has y.example, 10.0.0.1"
            ])
    }

    @Test("a certificate of another CA is told, even when that CA bears the same name")
    func otherAuthority() throws {
        let server = try authority.issue(names: ["a"], now: now)
        let other = try CertificateAuthority.make(name: "other", now: now)
        #expect(
            TLSInspection.problems(
                trust: other.certificatePEM, host: "a", serverChain: try chain(server), now: now)
                == [
                    "server certificate `CN=a`, issued by `CN=ca`, is not trusted: none of the trusted CAs issued it "
                        + "(they are: `CN=other`)"
                ])
        let twin = try CertificateAuthority.make(name: "ca", now: now)
        let problems = TLSInspection.problems(
            trust: twin.certificatePEM, host: "a", serverChain: try chain(server), now: now)
        #expect(problems.count == 1 && problems[0].contains("is not trusted"))
    }
}
