import Foundation
import Glibc

/// A TCP client that says exactly these bytes and shows exactly what came back; every wait ends after five seconds.
struct RawClient {
    let socket: Int32

    init(port: Int) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Refused(code: errno) }
    }

    struct Refused: Error { let code: Int32 }

    func send(_ text: String) async {
        let bytes = Array(text.utf8)
        await offPool {
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count <= 0 { return }
                sent += count
            }
        }
    }

    /// Everything until `end` is in it, the server closes, or five seconds pass without a byte.
    func read(until end: String? = nil) async -> String {
        await offPool {
            var text = ""
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = recv(socket, &buffer, buffer.count, 0)
                if count <= 0 { return text + (count < 0 ? "<no byte for five seconds>" : "") }
                text += String(decoding: buffer[..<count], as: UTF8.self)
                if let end, text.contains(end) { return text }
            }
        }
    }

    func close() { Glibc.close(socket) }

    /// Blocking calls must not hold a thread of the cooperative pool, nor of Dispatch, which lends it its threads.
    private func offPool<T: Sendable>(_ work: @escaping @Sendable () -> T) async -> T {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: work()) }
        }
    }
}
