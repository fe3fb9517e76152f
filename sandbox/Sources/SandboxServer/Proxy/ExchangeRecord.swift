internal import Glibc
internal import JSON
internal import OS
internal import Synchronization

/// The record file: one JSON line for each exchange, appended when the exchange is over.
final class ExchangeRecord: Sendable {
    private let file: Mutex<Int32>
    private let path: String

    /// Opens `path` for its owner alone: bodies hold tokens.
    init(path: String) throws(OSError) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw OSError("open", path, code: errno) }
        self.file = Mutex(file)
        self.path = path
    }

    deinit { file.withLock { _ = close($0) } }

    /// Appends one line.
    func append(_ line: JSONValue) throws(OSError) {
        let bytes = line.bytes + [UInt8(ascii: "\n")]
        let code = file.withLock { file -> Int32 in
            var written = 0
            while written < bytes.count {
                let count = bytes[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
                if count < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                written += count
            }
            return 0
        }
        if code != 0 { throw OSError("write", path, code: code) }
    }

    /// A body as a line can hold it: JSON as a tree, other text as text, the rest by its size.
    static func body(_ bytes: [UInt8]) -> JSONValue {
        if bytes.isEmpty { return .null }
        if let value = try? JSONValue(parsing: bytes) { return value }
        if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
        return .string("<\(bytes.count) bytes>")
    }
}
