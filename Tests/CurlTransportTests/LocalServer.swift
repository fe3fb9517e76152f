import Glibc
import Synchronization

/// A server on a loopback port that does with each connection whatever a test says, byte by byte.
final class LocalServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let counters = Mutex((connections: 0, requests: 0))

    /// Serves every connection on a thread of its own with `serve`.
    init(_ serve: @escaping @Sendable (Connection, LocalServer) -> Void) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                precondition(bind(listener, generic, length) == 0 && listen(listener, 256) == 0)
                getsockname(listener, generic, &length)
            }
        }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        thread { [self] in
            while true {
                let socket = accept(listener, nil, nil)
                if socket < 0 { return }
                counters.withLock { $0.connections += 1 }
                thread { [self] in
                    serve(Connection(socket), self)
                    close(socket)
                }
            }
        }
    }

    var url: String { "http://127.0.0.1:\(port)" }
    /// Connections accepted so far.
    var connections: Int { counters.withLock { $0.connections } }
    /// Requests counted by `count()` so far.
    var requests: Int { counters.withLock { $0.requests } }
    /// Counts a request and tells its number, from 1.
    func count() -> Int {
        counters.withLock {
            $0.requests += 1
            return $0.requests
        }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }
}

/// One accepted connection.
struct Connection: Sendable {
    let socket: Int32

    init(_ socket: Int32) { self.socket = socket }

    /// Reads one request: head and, by its `Content-Length`, body. `nil` when the client has gone.
    func readRequest() -> (head: String, body: [UInt8])? {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard recv(socket, &byte, 1, 0) == 1 else { return nil }
            bytes.append(byte)
        }
        let head = String(decoding: bytes, as: UTF8.self)
        let lengthLine = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        let length = lengthLine.flatMap { Int($0.dropFirst("content-length: ".count)) } ?? 0
        var body = [UInt8](repeating: 0, count: length)
        var got = 0
        while got < length {
            let count = body[got...].withUnsafeMutableBytes { recv(socket, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { return nil }
            got += count
        }
        return (head, body)
    }

    /// Sends all of `bytes`; `false` when the client has gone.
    @discardableResult
    func send(_ bytes: some Collection<UInt8>) -> Bool {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(text.utf8) }

    /// Waits until the client closes; `false` when it has not after `milliseconds`.
    func waitForClose(milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, milliseconds) == 1 else { return false }
        var byte: UInt8 = 0
        return recv(socket, &byte, 1, 0) <= 0
    }

    static func ok(_ body: String, _ fields: String = "") -> String {
        "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Runs `body` on a new thread: the server blocks, and must not hold the tests' own threads.
func thread(_ body: @escaping @Sendable () -> Void) {
    var handle = pthread_t()
    let box = Unmanaged.passRetained(ThreadBody(body))
    pthread_create(
        &handle, nil,
        { context in
            if let context { Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run() }
            return nil
        }, box.toOpaque())
    pthread_detach(handle)
}
