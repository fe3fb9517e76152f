import OS
import TLS
import Testing

private let now = Timestamp.now()

@Suite("Certificates")
struct CertificateTests {
    @Test("a CA and what it issues read back as they were asked for")
    func issue() throws {
        let authority = try CertificateAuthority.make(name: "sandbox CA", now: now)
        let root = try #require(try Certificate.parse(pem: authority.certificatePEM).first)
        #expect(root.subject == "CN=sandbox CA" && root.issuer == root.subject && root.isCA)

        let issued = try authority.issue(names: ["localhost", "*.example.com", "127.0.0.1", "::1"], now: now)
        let server = try #require(try Certificate.parse(pem: issued.certificatePEM).first)
        #expect(server.subject == "CN=localhost" && server.issuer == "CN=sandbox CA" && !server.isCA)
        #expect(server.dnsNames == ["localhost", "*.example.com"])
        #expect(server.ipAddresses == ["127.0.0.1", "::1"])
        #expect(server.notBefore < now && server.notAfter > now)
        #expect(server.serialNumber.count == 32 && server.serialNumber != root.serialNumber)
        #expect(server.fingerprint.count == 64)
    }

    @Test("a client's certificate carries its user and groups")
    func client() throws {
        let authority = try CertificateAuthority.make(name: "ca")
        let issued = try authority.issue(names: ["jane"], client: true, organizations: ["system:masters", "dev"])
        let certificate = try #require(try Certificate.parse(pem: issued.certificatePEM).first)
        #expect(certificate.subject == "CN=jane,O=dev,O=system:masters")
        #expect(certificate.dnsNames.isEmpty)
    }

    @Test(
        "a certificate covers its names and no others",
        arguments: [
            ("localhost", true), ("LOCALHOST", true), ("a.example.com", true), ("a.b.example.com", false),
            ("example.com", false), ("127.0.0.1", true), ("127.0.0.2", false), ("::1", true), ("[::1]", true),
            ("0:0:0:0:0:0:0:1", true), ("", false),
        ])
    func covers(host: String, expected: Bool) throws {
        let issued = try CertificateAuthority.make(name: "ca")
            .issue(names: ["localhost", "*.example.com", "127.0.0.1", "::1"])
        let certificate = try #require(try Certificate.parse(pem: issued.certificatePEM).first)
        #expect(certificate.covers(host) == expected)
    }

    @Test("a name that is none is refused", arguments: ["", "a,DNS:evil", "a b", "a\nb", "DNS:x"])
    func invalidNames(name: String) throws {
        let authority = try CertificateAuthority.make(name: "ca")
        #expect(throws: CertificateError.invalidName(name)) { try authority.issue(names: [name]) }
    }

    @Test("a chain is read whole, past keys and text")
    func chain() throws {
        let authority = try CertificateAuthority.make(name: "ca")
        let issued = try authority.issue(names: ["a"])
        let text = Array("hello\n".utf8) + issued.keyPEM + issued.certificatePEM + authority.certificatePEM
        #expect(try Certificate.parse(pem: text).map(\.subject) == ["CN=a", "CN=ca"])
    }

    @Test("what is no certificate is refused", arguments: ["", "nonsense", "-----BEGIN"])
    func none(text: String) {
        #expect(throws: CertificateError.noCertificate) { try Certificate.parse(pem: Array(text.utf8)) }
    }

    @Test("a broken block is named by its number")
    func broken() throws {
        let authority = try CertificateAuthority.make(name: "ca")
        let broken = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmg\n-----END CERTIFICATE-----\n"
        let error = #expect(throws: CertificateError.self) {
            try Certificate.parse(pem: authority.certificatePEM + Array(broken.utf8))
        }
        guard case .unreadableCertificate(number: 2, _) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
    }

    @Test("SHA-256 is SHA-256")
    func digest() {
        // FIPS 180-2, appendix B.1, and the empty text.
        #expect(Digest.sha256Hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Digest.sha256Hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(Digest.sha256([0x61, 0x62, 0x63]).count == 32)
    }
}
