internal import Glibc
internal import OS

/// Who holds the other end of a connection on loopback, found in `/proc`.
enum PeerProcesses {
    /// The processes that have the peer's socket open; none when it is closed, or another user's.
    static func holding(_ peer: Peer) -> [Int32] {
        guard let socket = socketNumber(of: peer) else { return [] }
        let wanted = "socket:[\(socket)]"
        return entries("/proc").compactMap { Int32($0) }.filter { process in
            process != getpid()
                && entries("/proc/\(process)/fd").contains { link("/proc/\(process)/fd/\($0)") == wanted }
        }
    }

    /// The inode of the socket whose *local* address is the peer.
    private static func socketNumber(of peer: Peer) -> String? {
        let parts = peer.description.split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1]) else { return nil }
        let bytes = parts[0].split(separator: ".").compactMap { UInt8($0) }
        guard bytes.count == 4 else { return nil }
        func hex(_ value: some FixedWidthInteger, _ width: Int) -> String {
            let text = String(value, radix: 16, uppercase: true)
            return String(repeating: "0", count: width - text.count) + text
        }
        // The kernel prints addresses as it has them in memory: on the machines in use, the last byte first.
        let address = bytes.reversed().map { hex($0, 2) }.joined() + ":" + hex(port, 4)
        guard let table = try? String(decoding: Files.read("/proc/net/tcp"), as: UTF8.self) else { return nil }
        for line in table.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            if fields.count > 9, fields[1] == address, fields[9] != "0" { return String(fields[9]) }
        }
        return nil
    }

    private static func entries(_ folder: String) -> [String] {
        guard let open = opendir(folder) else { return [] }
        defer { closedir(open) }
        var result: [String] = []
        while let entry = readdir(open) {
            result.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return result
    }

    private static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = readlink(path, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
