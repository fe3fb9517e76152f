import COpenSSL

/// Cryptographic digests.
public enum Digest {
    /// The 32 bytes of SHA-256 over `bytes`.
    public static func sha256(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        var output = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        let status = input.withUnsafeBytes {
            EVP_Digest($0.baseAddress, $0.count, &output, &count, EVP_sha256(), nil)
        }
        // It fails only when the library is built without SHA-256 or the process is out of memory.
        precondition(status == 1 && count == 32, "OpenSSL has no SHA-256")
        return output
    }

    /// SHA-256 over the UTF-8 of `text`, as 64 lower-case hex digits.
    public static func sha256Hex(_ text: String) -> String { hex(sha256(text.utf8)) }

    /// `bytes` as lower-case hex.
    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
