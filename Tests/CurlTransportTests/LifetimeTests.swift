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
}
