import Glibc

/// A failed call to the operating system: what was tried, on which path, and why it failed.
public struct OSError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was tried: `open`, `rename` …
    public let operation: String
    /// On what.
    public let path: String
    /// The `errno`.
    public let code: Int32

    /// An error with the given parts.
    public init(_ operation: String, _ path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// `cannot open /a/b: No such file or directory`.
    public var description: String { "cannot \(operation) `\(path)`: \(String(cString: strerror(code)))" }

    /// Whether the thing does not exist.
    public var isNotFound: Bool { code == ENOENT }
    /// Whether the disk, or the quota, is full.
    public var isNoSpace: Bool { code == ENOSPC || code == EDQUOT }
}

/// Files, whole.
public enum Files {
    /// Reads `path` whole, at most `limit` bytes (a larger file is `EFBIG`).
    public static func read(_ path: String, limit: Int = 64 << 20) throws(OSError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw OSError("open", path, code: errno) }
        defer { close(file) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count == 0 { return content }
            if count < 0 {
                if errno == EINTR { continue }
                throw OSError("read", path, code: errno)
            }
            content += buffer[..<count]
            if content.count > limit { throw OSError("read", path, code: EFBIG) }
        }
    }

    /// Replaces `path` by `content` in one step: a reader sees the old file or the new one, a crash leaves no half.
    public static func write(_ content: some Collection<UInt8>, to path: String, mode: UInt32 = 0o644) throws(OSError) {
        let temporary = path + "." + randomHex(bytes: 6) + ".tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw OSError("create", temporary, code: errno) }
        var failure: OSError?
        let bytes = Array(content)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                failure = OSError("write", path, code: errno)
                break
            }
            written += count
        }
        if close(file) != 0, failure == nil { failure = OSError("write", path, code: errno) }
        if failure == nil, rename(temporary, path) != 0 { failure = OSError("rename", path, code: errno) }
        if let failure {
            unlink(temporary)
            throw failure
        }
    }

    /// Whether something is at `path`.
    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Makes the folder `path` and those above it; one that is there already is fine.
    public static func makeFolder(_ path: String, mode: UInt32 = 0o755) throws(OSError) {
        if mkdir(path, mode) == 0 { return }
        let code = errno
        if code == EEXIST { return }
        guard code == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw OSError("make the folder", path, code: code)
        }
        try makeFolder(String(path[..<slash]), mode: mode)
        if mkdir(path, mode) != 0, errno != EEXIST { throw OSError("make the folder", path, code: errno) }
    }
}

/// `bytes` random bytes as lower-case hex, from the system's generator.
public func randomHex(bytes count: Int) -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in
        let byte = UInt8.random(in: .min ... .max, using: &generator)
        return String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
}
