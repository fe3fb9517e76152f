import HTTP
import OS
import TLS

/// The sandbox's secrets, made anew at each start: keys, tokens, and a certificate authority of its own.
struct Identity: Sendable {
    let accessKey = randomHex(bytes: 10).uppercased()
    let secretKey = Secret(randomHex(bytes: 24))
    let token = Secret(randomHex(bytes: 24))
    /// Of a user who may do nothing.
    let viewerToken = Secret(randomHex(bytes: 24))
    /// The kubelet's own, which no file holds.
    let kubeletToken = Secret(randomHex(bytes: 24))
    /// What clients trust.
    let authorityPEM: [UInt8]
    let server: ServerIdentityPEM

    /// Certificate and key of the servers on loopback.
    struct ServerIdentityPEM: Sendable {
        let certificate: [UInt8]
        let key: Secret<[UInt8]>
    }

    init() throws {
        let authority = try CertificateAuthority.make(name: "glue-sandbox")
        let issued = try authority.issue(names: ["localhost", "127.0.0.1", "::1"], client: false)
        authorityPEM = authority.certificatePEM
        server = ServerIdentityPEM(certificate: issued.certificatePEM, key: Secret(issued.keyPEM))
    }
}
