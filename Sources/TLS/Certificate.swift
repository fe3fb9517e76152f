import COpenSSL
import Glibc
public import OS

/// One X.509 certificate, read.
public struct Certificate: Sendable, Equatable {
    /// Whom it names: `CN=glue,O=Example` (RFC 2253).
    public let subject: String
    /// Who signed it.
    public let issuer: String
    /// The issuer's number for it, as upper-case hex.
    public let serialNumber: String
    /// The DNS names it stands for.
    public let dnsNames: [String]
    /// The IP addresses it stands for.
    public let ipAddresses: [String]
    /// Valid from here …
    public let notBefore: Timestamp
    /// … until here.
    public let notAfter: Timestamp
    /// Whether it may sign other certificates (`CA:TRUE`).
    public let isCA: Bool
    /// The certificate itself.
    public let der: [UInt8]
    /// Its public key, DER (SubjectPublicKeyInfo).
    public let publicKey: [UInt8]

    /// SHA-256 over the certificate, as lower-case hex.
    public var fingerprint: String { Digest.hex(Digest.sha256(der)) }

    /// Reads all certificates of a PEM text in their order; text around them is passed over, as are keys.
    public static func parse(pem: [UInt8]) throws(CertificateError) -> [Certificate] {
        let bio = MemoryBIO(pem)
        var certificates: [Certificate] = []
        ERR_clear_error()
        while let pointer = PEM_read_bio_X509(bio.pointer, nil, nil, nil) {
            certificates.append(Certificate(X509Object(owning: pointer)))
        }
        // The reader ends by failing; that it found no further block is the one harmless reason.
        let code = ERR_peek_last_error()
        let reason = takeOpenSSLReason()
        let isEnd = Int32(code & 0x7f_ffff) == PEM_R_NO_START_LINE && Int32(code >> 23 & 0xff) == ERR_LIB_PEM
        if !isEnd { throw .unreadableCertificate(number: certificates.count + 1, reason: reason) }
        if certificates.isEmpty { throw .noCertificate }
        return certificates
    }

    /// Whether it stands for `host`, a DNS name or an IP address; wildcards as TLS has them, the common name never.
    public func covers(_ host: String) -> Bool {
        guard let object = X509Object(der: der) else { return false }
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        if X509_check_ip_asc(object.pointer, bare, 0) == 1 { return true }
        let isAddress = bare.contains(":") || bare.allSatisfy { $0.isNumber || $0 == "." }
        if isAddress { return false }
        return X509_check_host(
            object.pointer, bare, bare.utf8.count, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT), nil) == 1
    }

    init(_ object: X509Object) {
        let pointer = object.pointer
        subject = Self.text(X509_get_subject_name(pointer))
        issuer = Self.text(X509_get_issuer_name(pointer))
        serialNumber = Self.serial(X509_get0_serialNumber(pointer))
        notBefore = Self.timestamp(X509_get0_notBefore(pointer))
        notAfter = Self.timestamp(X509_get0_notAfter(pointer))
        isCA = X509_check_ca(pointer) > 0
        der = derBytes { i2d_X509(pointer, $0) }
        publicKey = derBytes { i2d_PUBKEY(X509_get0_pubkey(pointer), $0) }
        (dnsNames, ipAddresses) = Self.alternativeNames(pointer)
    }

    private static func text(_ name: OpaquePointer?) -> String {
        let bio = MemoryBIO()
        X509_NAME_print_ex(bio.pointer, name, 0, glue_name_flags)
        return String(decoding: bio.contents, as: UTF8.self)
    }

    private static func serial(_ number: UnsafePointer<ASN1_INTEGER>?) -> String {
        guard let big = ASN1_INTEGER_to_BN(number, nil) else { return "" }
        defer { BN_free(big) }
        guard let text = BN_bn2hex(big) else { return "" }
        defer { CRYPTO_free(text, #file, 0) }
        return String(cString: text)
    }

    private static func timestamp(_ time: UnsafePointer<ASN1_TIME>?) -> Timestamp {
        var parts = tm()
        guard ASN1_TIME_to_tm(time, &parts) == 1 else { return Timestamp(milliseconds: 0) }
        return Timestamp(milliseconds: Int64(timegm(&parts)) * 1000)
    }

    private static func alternativeNames(_ pointer: OpaquePointer) -> (dns: [String], ip: [String]) {
        guard let raw = X509_get_ext_d2i(pointer, NID_subject_alt_name, nil, nil) else { return ([], []) }
        let names = OpaquePointer(raw)
        defer { GENERAL_NAMES_free(names) }
        var dns: [String] = []
        var ip: [String] = []
        for place in 0..<glue_general_name_count(names) {
            var bytes: UnsafePointer<UInt8>?
            var count: Int32 = 0
            let type = glue_general_name(names, place, &bytes, &count)
            guard let bytes else { continue }
            let buffer = UnsafeBufferPointer(start: bytes, count: Int(count))
            switch type {
            case GEN_DNS: dns.append(String(decoding: buffer, as: UTF8.self))
            case GEN_IPADD: ip.append(Self.address(buffer))
            default: break
            }
        }
        return (dns, ip)
    }

    private static func address(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard bytes.count == 4 || bytes.count == 16 else { return Digest.hex(bytes) }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN) + 1)
        inet_ntop(family, bytes.baseAddress, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
