import CurlTransport
import Foundation
import HTTP
import Testing

@Suite("Lifetime", .timeLimit(.minutes(1)))
struct LifetimeTests {
    /// Sockets of this process that lead to `port`.
    private func clientSockets(to port: UInt16) throws -> Int {
        let table = try String(contentsOfFile: "/proc/self/net/tcp", encoding: .utf8)
        let hex = String(port, radix: 16, uppercase: true)
        let remote = "0100007F:" + String(repeating: "0", count: 4 - hex.count) + hex
        return table.split(separator: "\n").dropFirst().count { line in
            let fields = line.split(separator: " ")
            // 01 is ESTABLISHED.
            return fields.count > 3 && fields[2] == remote && fields[3] == "01"
        }
    }

    @Test("a transport that is let go closes its connections, those of cancelled calls included")
    func closes() async throws {
        let server = LocalServer { connection, _ in
            while let request = connection.readRequest() {
                if request.head.hasPrefix("GET /wait") {
                    _ = connection.waitForClose(milliseconds: 30_000)
                    return
                }
                connection.send(Connection.ok("x"))
            }
        }
        defer { server.stop() }
        let url = server.url
        for _ in 0..<20 {
            let transport = makeTransport()
            _ = try await transport.send(HTTPRequest(.get, url))
            let waiting = Task { try await transport.send(HTTPRequest(.get, url + "/wait")) }
            let stream = try await transport.stream(HTTPRequest(.get, url))
            waiting.cancel()
            _ = await waiting.result
            #expect(stream.status == 200)
        }
        let deadline = ContinuousClock.now + .seconds(20)
        while try clientSockets(to: server.port) > 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(try clientSockets(to: server.port) == 0)
        #expect(server.connections >= 20)
    }

    @Test("a child process does not inherit connections")
    func closeOnExec() async throws {
        let server = LocalServer { connection, _ in
            while connection.readRequest() != nil { connection.send(Connection.ok("x")) }
        }
        defer { server.stop() }
        let transport = makeTransport()
        _ = try await transport.send(HTTPRequest(.get, server.url))
        var found = 0
        for descriptor in Int32(3)..<1024 {
            var peer = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = withUnsafeMutablePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) }
            }
            guard status == 0, peer.sin_family == AF_INET, UInt16(bigEndian: peer.sin_port) == server.port else {
                continue
            }
            found += 1
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        }
        #expect(found == 1)
        withExtendedLifetime(transport) {}
    }
}
