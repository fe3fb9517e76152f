import COpenSSL

/// An `X509`, freed with its last reference.
final class X509Object {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    convenience init?(der: [UInt8]) {
        let decoded = der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var at = buffer.baseAddress
            return d2i_X509(nil, &at, buffer.count)
        }
        guard let decoded else { return nil }
        self.init(owning: decoded)
    }

    deinit { X509_free(pointer) }
}

/// An `EVP_PKEY`, freed with its last reference.
final class KeyObject {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    /// Reads a private key. A locked one is refused: nobody is there to type its password.
    convenience init(pem: [UInt8]) throws(CertificateError) {
        let bio = MemoryBIO(pem)
        ERR_clear_error()
        let noPassword: @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 =
            { _, _, _, _ in -1 }
        guard let key = PEM_read_bio_PrivateKey(bio.pointer, nil, noPassword, nil) else {
            throw .unreadableKey(reason: takeOpenSSLReason())
        }
        self.init(owning: key)
    }

    deinit { EVP_PKEY_free(pointer) }

    /// The public half as DER: equal for a key and the certificate made for it.
    var publicDER: [UInt8] { derBytes { i2d_PUBKEY(pointer, $0) } }
}

/// Bytes as OpenSSL reads and writes them.
struct MemoryBIO: ~Copyable {
    let pointer: OpaquePointer?

    init() { pointer = BIO_new(BIO_s_mem()) }

    init(_ bytes: [UInt8]) {
        self.init()
        bytes.withUnsafeBytes { _ = BIO_write(pointer, $0.baseAddress, Int32(clamping: $0.count)) }
    }

    deinit { BIO_free_all(pointer) }

    var contents: [UInt8] {
        var count = 0
        guard let bytes = glue_bio_bytes(pointer, &count) else { return [] }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }
}

/// What one of OpenSSL's `i2d_` functions writes.
func derBytes(_ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
    let count = Int(write(nil))
    guard count > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
        var at = buffer.baseAddress
        written = max(0, Int(write(&at)))
    }
}
