import COpenSSL
import Glibc
public import OS

/// A certificate authority of one's own, for a sandbox and for tests: EC P-256, SHA-256.
public struct CertificateAuthority: Sendable {
    /// Its self-signed certificate, PEM.
    public let certificatePEM: [UInt8]
    /// Its private key, PEM.
    public let keyPEM: [UInt8]
    /// A certificate and its key, both PEM.
    public typealias Issued = (certificatePEM: [UInt8], keyPEM: [UInt8])

    /// An authority called `name`, valid from `now` less an hour.
    public static func make(
        name: String, now: Timestamp = .now(), validFor: Duration = .seconds(10 * 365 * 86_400)
    ) throws(CertificateError) -> CertificateAuthority {
        let key = try newKey()
        let certificate = try build(
            subject: name, key: key, issuer: nil,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"),
            ], from: now + .seconds(-3600), until: now + validFor)
        return CertificateAuthority(certificatePEM: try pem(certificate), keyPEM: try pem(key))
    }

    /// A certificate for `names` (DNS names, wildcards, IP addresses; the first is its common name), with its new key.
    ///
    /// - Parameters:
    ///   - names: whom it stands for; at least one. For a client the first is the user.
    ///   - client: whether it is shown by a client instead of a server.
    ///   - organizations: groups of a client, as Kubernetes reads them.
    ///   - now: it is valid from here less an hour …
    ///   - validFor: … to here and this long.
    public func issue(
        names: [String], client: Bool = false, organizations: [String] = [], now: Timestamp = .now(),
        validFor: Duration = .seconds(825 * 86_400)
    ) throws(CertificateError) -> Issued {
        guard let first = names.first else { throw .invalidName("") }
        let signer = try (certificate: Self.firstCertificate(certificatePEM), key: KeyObject(pem: keyPEM))
        var extensions: [(Int32, String)] = [
            (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
            (NID_ext_key_usage, client ? "clientAuth" : "serverAuth"), (NID_subject_key_identifier, "hash"),
            (NID_authority_key_identifier, "keyid"),
        ]
        if !client {
            var alternatives: [String] = []
            for name in names { alternatives.append(try Self.alternative(name)) }
            extensions.append((NID_subject_alt_name, alternatives.joined(separator: ",")))
        }
        let key = try Self.newKey()
        let certificate = try Self.build(
            subject: first, organizations: organizations, key: key, issuer: signer, extensions: extensions,
            from: now + .seconds(-3600), until: now + validFor)
        return (try Self.pem(certificate), try Self.pem(key))
    }

    // MARK: - Steps

    private static func newKey() throws(CertificateError) -> KeyObject {
        guard let key = glue_new_p256_key() else { throw failed("make a key") }
        return KeyObject(owning: key)
    }

    private static func build(
        subject: String, organizations: [String] = [], key: KeyObject,
        issuer: (certificate: X509Object, key: KeyObject)?, extensions: [(Int32, String)], from start: Timestamp,
        until end: Timestamp
    ) throws(CertificateError) -> X509Object {
        guard let pointer = X509_new() else { throw failed("make a certificate") }
        let certificate = X509Object(owning: pointer)
        try check(X509_set_version(pointer, 2), "set the version")
        try setSerial(pointer)
        try setTimes(pointer, start, end)
        let name = X509_get_subject_name(pointer)
        for (field, value) in organizations.map({ ("O", $0) }) + [("CN", subject)] {
            let bytes = Array(value.utf8)
            try check(
                X509_NAME_add_entry_by_txt(name, field, MBSTRING_FLAG | 0, bytes, Int32(bytes.count), -1, 0),
                "set the subject `\(value)` (64 bytes at most)")
        }
        try check(
            X509_set_issuer_name(pointer, issuer.map { X509_get_subject_name($0.certificate.pointer) } ?? name),
            "set the issuer")
        try check(X509_set_pubkey(pointer, key.pointer), "set the public key")
        for (kind, value) in extensions {
            try add(kind, value, to: pointer, issuer: issuer?.certificate.pointer ?? pointer)
        }
        guard X509_sign(pointer, (issuer?.key ?? key).pointer, EVP_sha256()) > 0 else { throw failed("sign") }
        return certificate
    }

    private static func add(
        _ kind: Int32, _ value: String, to certificate: OpaquePointer, issuer: OpaquePointer
    ) throws(CertificateError) {
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer, certificate, nil, nil, 0)
        guard let piece = X509V3_EXT_conf_nid(nil, &context, kind, value) else {
            throw failed("add the extension `\(value)`")
        }
        defer { X509_EXTENSION_free(piece) }
        try check(X509_add_ext(certificate, piece, -1), "add the extension `\(value)`")
    }

    private static func setSerial(_ certificate: OpaquePointer) throws(CertificateError) {
        var bytes = [UInt8](repeating: 0, count: 16)
        try check(RAND_bytes(&bytes, 16), "draw a serial number")
        bytes[0] = bytes[0] & 0x7f | 0x40  // positive, and never shorter
        guard let big = BN_bin2bn(bytes, 16, nil) else { throw failed("set the serial number") }
        defer { BN_free(big) }
        guard let number = BN_to_ASN1_INTEGER(big, nil) else { throw failed("set the serial number") }
        defer { ASN1_INTEGER_free(number) }
        try check(X509_set_serialNumber(certificate, number), "set the serial number")
    }

    private static func setTimes(
        _ certificate: OpaquePointer, _ start: Timestamp, _ end: Timestamp
    ) throws(CertificateError) {
        guard let time = ASN1_TIME_set(nil, time_t(start.milliseconds / 1000)) else { throw failed("set the dates") }
        defer { ASN1_TIME_free(time) }
        try check(X509_set1_notBefore(certificate, time), "set the dates")
        guard ASN1_TIME_set(time, time_t(end.milliseconds / 1000)) != nil else { throw failed("set the dates") }
        try check(X509_set1_notAfter(certificate, time), "set the dates")
    }

    /// A name as OpenSSL's notation for alternative names has it, where a comma would begin another.
    private static func alternative(_ name: String) throws(CertificateError) -> String {
        let bare = name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : name
        var address = in6_addr()
        if inet_pton(AF_INET, bare, &address) == 1 || inet_pton(AF_INET6, bare, &address) == 1 { return "IP:\(bare)" }
        let isName = bare.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "*"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isName, !bare.isEmpty else { throw .invalidName(name) }
        return "DNS:\(bare)"
    }

    private static func firstCertificate(_ pem: [UInt8]) throws(CertificateError) -> X509Object {
        let bio = MemoryBIO(pem)
        ERR_clear_error()
        guard let pointer = PEM_read_bio_X509(bio.pointer, nil, nil, nil) else {
            throw .unreadableCertificate(number: 1, reason: takeOpenSSLReason())
        }
        return X509Object(owning: pointer)
    }

    private static func pem(_ certificate: X509Object) throws(CertificateError) -> [UInt8] {
        let bio = MemoryBIO()
        try check(PEM_write_bio_X509(bio.pointer, certificate.pointer), "write the certificate")
        return bio.contents
    }

    private static func pem(_ key: KeyObject) throws(CertificateError) -> [UInt8] {
        let bio = MemoryBIO()
        try check(PEM_write_bio_PrivateKey(bio.pointer, key.pointer, nil, nil, 0, nil, nil), "write the key")
        return bio.contents
    }

    private static func check(_ status: Int32, _ step: String) throws(CertificateError) {
        if status != 1 { throw failed(step) }
    }

    private static func failed(_ step: String) -> CertificateError {
        .failed(step: step, reason: takeOpenSSLReason())
    }
}
