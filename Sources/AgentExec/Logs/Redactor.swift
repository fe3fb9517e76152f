import Glibc

/// Takes secrets out of what is about to leave: known values, and passwords in URLs.
struct Redactor: Sendable {
    /// What stands instead.
    static let mask = Array("•••".utf8)

    private let secrets: [[UInt8]]

    /// Shorter values would mask half of every text.
    static let shortestSecret = 6

    /// Masks each of `secrets` that is long enough, the longest first: one may contain another.
    init(secrets: some Sequence<String>) {
        self.secrets = Set(secrets.filter { $0.utf8.count >= Self.shortestSecret })
            .map { Array($0.utf8) }.sorted { $0.count > $1.count }
    }

    /// The secrets that `environment` carries: the keys we know, and whatever is named like a secret.
    static func secrets(in environment: [String: String]) -> [String] {
        let words = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY", "CREDENTIAL"]
        return environment.compactMap { name, value in
            let upper = name.uppercased()
            let isSecret =
                words.contains { upper.contains($0) } || upper.hasSuffix("_PASS") || upper.hasSuffix("ACCESS_KEY")
            // A path to a secret, a switch or a number says nothing.
            guard isSecret, value.utf8.count >= 8, !value.hasPrefix("/"), !value.allSatisfy(\.isNumber) else {
                return nil
            }
            return value
        }
    }

    /// `bytes` without secrets.
    func redacted(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for secret in secrets { result = Self.replacing(secret, in: result) }
        return Self.withoutPasswords(result)
    }

    /// `text` without secrets.
    func redacted(_ text: String) -> String {
        String(decoding: redacted(Array(text.utf8)), as: UTF8.self)
    }

    private static func replacing(_ secret: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        guard var at = find(secret, in: bytes, from: 0) else { return bytes }
        var result: [UInt8] = []
        var start = 0
        while true {
            result += bytes[start..<at]
            result += mask
            start = at + secret.count
            guard let next = find(secret, in: bytes, from: start) else { break }
            at = next
        }
        result += bytes[start...]
        return result
    }

    /// By `memchr`, which is as fast as memory; console output is looked through whole.
    static func find(_ needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard let first = needle.first, start + needle.count <= bytes.count else { return nil }
        return bytes.withUnsafeBytes { hay in
            needle.withUnsafeBytes { needle in
                guard let base = hay.baseAddress, let wanted = needle.baseAddress else { return nil }
                var at = start
                while at + needle.count <= hay.count {
                    guard let hit = memchr(base + at, Int32(first), hay.count - needle.count - at + 1) else {
                        return nil
                    }
                    let offset = base.distance(to: UnsafeRawPointer(hit))
                    if memcmp(base + offset, wanted, needle.count) == 0 { return offset }
                    at = offset + 1
                }
                return nil
            }
        }
    }

    /// `scheme://user:password@host` loses the password; `https://token@host` the token.
    private static func withoutPasswords(_ bytes: [UInt8]) -> [UInt8] {
        let marker = Array("://".utf8)
        guard var at = find(marker, in: bytes, from: 0) else { return bytes }
        var result: [UInt8] = []
        var start = 0
        while true {
            let authority = at + marker.count
            let end =
                bytes[authority...].firstIndex {
                    $0 <= 0x20 || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'")
                }
                ?? bytes.count
            if let sign = bytes[authority..<end].lastIndex(of: UInt8(ascii: "@")) {
                let colon = bytes[authority..<sign].firstIndex(of: UInt8(ascii: ":"))
                let isWeb =
                    bytes[..<at].suffix(5).elementsEqual("https".utf8)
                    || bytes[..<at].suffix(4).elementsEqual("http".utf8)
                if let hidden = colon.map({ $0 + 1 }) ?? (isWeb ? authority : nil), hidden < sign {
                    result += bytes[start..<hidden]
                    result += mask
                    start = sign
                }
            }
            guard let next = find(marker, in: bytes, from: authority) else { break }
            at = next
        }
        result += bytes[start...]
        return result
    }
}
