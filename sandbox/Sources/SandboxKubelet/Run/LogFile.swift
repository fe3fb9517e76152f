internal import Glibc

/// A container's log on disk.
enum LogFile {
    /// The last `bytes` of the file at `path`; nothing when there is none.
    static func tail(_ path: String, bytes: Int) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        let size = lseek(file, 0, SEEK_END)
        lseek(file, max(0, size - bytes), SEEK_SET)
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while content.count < bytes {
            let count = read(file, &buffer, min(buffer.count, bytes - content.count))
            if count <= 0 { break }
            content += buffer[..<count]
        }
        return content
    }

    /// The first `bytes` of the file at `path`.
    static func head(_ path: String, bytes: Int) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: bytes)
        let count = read(file, &buffer, bytes)
        return count > 0 ? Array(buffer[..<count]) : []
    }

    /// The kubelet's message of a container without one of its own: its last 80 lines, at most 2048 bytes.
    static func fallbackMessage(_ path: String) -> String {
        let text = tail(path, bytes: 2048)
        var lines = 0
        var start = text.count
        while start > 0 {
            if text[start - 1] == UInt8(ascii: "\n"), start != text.count {
                lines += 1
                if lines == 80 { break }
            }
            start -= 1
        }
        return String(decoding: text[start...], as: UTF8.self)
    }

    /// Empties the file.
    static func clear(_ path: String) { _ = truncate(path, 0) }
}
