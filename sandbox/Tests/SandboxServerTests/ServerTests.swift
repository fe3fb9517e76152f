import HTTP
import Synchronization
import Testing

@testable import SandboxServer

@Suite("The HTTP server", .timeLimit(.minutes(1)))
struct ServerTests {
    private func serving(
        _ respond: @escaping Responder, _ body: (RunningServer) async throws -> Void
    ) async throws {
        let server = try await SandboxServer.start(respond: respond)
        do {
            try await body(server)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private let echo: Responder = { request, _ in
        .whole(
            HTTPResponse(
                status: 200, headers: ["X-Method": request.method.rawValue, "X-URL": request.url],
                body: request.body ?? Array("none".utf8)))
    }

    @Test("a GET with a body reaches the backend, and the connection serves the next request")
    func keepAlive() async throws {
        try await serving(echo) { server in
            let client = try RawClient(port: server.port)
            defer { client.close() }
            await client.send("GET /tasks.get_all?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n{\"a\":1}")
            let first = await client.read(until: "{\"a\":1}")
            #expect(first.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(first.contains("X-URL: /tasks.get_all?x=1\r\n"))
            #expect(first.contains("Content-Length: 7\r\n"))
            await client.send("DELETE /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let second = await client.read()
            #expect(second.contains("X-Method: DELETE\r\n") && second.hasSuffix("\r\n\r\nnone"))
        }
    }

    @Test("a body above the limit gets 413 and the connection is closed")
    func tooLarge() async throws {
        try await serving(echo) { server in
            let client = try RawClient(port: server.port)
            defer { client.close() }
            await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(SandboxServer.bodyLimit + 1)\r\n\r\n")
            let reply = await client.read()
            #expect(reply.hasPrefix("HTTP/1.1 413 "))
            #expect(reply.contains("Connection: close\r\n"))
        }
    }

    @Test("a client that waits for 100 Continue is told to go on")
    func expectContinue() async throws {
        try await serving(echo) { server in
            let client = try RawClient(port: server.port)
            defer { client.close() }
            await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            #expect(await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 Continue"))
            await client.send("ok")
            #expect(await client.read(until: "ok").hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("a method that no API has gets 405, text that is no HTTP gets 400")
    func refusals() async throws {
        try await serving(echo) { server in
            let client = try RawClient(port: server.port)
            defer { client.close() }
            await client.send("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.read(until: "served").hasPrefix("HTTP/1.1 405"))
            await client.send("not http at all\r\n\r\n")
            #expect(await client.read().hasPrefix("HTTP/1.1 400"))
        }
    }

    @Test("a stream arrives chunk by chunk and the connection lives on")
    func stream() async throws {
        let respond: Responder = { request, _ in
            guard request.url == "/watch" else { return .whole(HTTPResponse(status: 204)) }
            let (chunks, feed) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
            feed.yield(Array("one\n".utf8))
            feed.yield(Array("two\n".utf8))
            feed.finish()
            return .stream(HTTPStream(status: 200, headers: [:], chunks: chunks))
        }
        try await serving(respond) { server in
            let client = try RawClient(port: server.port)
            defer { client.close() }
            await client.send("GET /watch HTTP/1.1\r\nHost: a\r\n\r\n")
            let reply = await client.read(until: "\r\n0\r\n\r\n")
            #expect(reply.contains("\r\n4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n"))
            await client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204"))
        }
    }

    @Test("a client that leaves ends the stream, even one that is silent")
    func disconnect() async throws {
        let (ended, signal) = AsyncStream<Void>.makeStream()
        let respond: Responder = { _, _ in
            let (chunks, feed) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
            feed.onTermination = { _ in signal.finish() }
            feed.yield(Array("first\n".utf8))
            return .stream(HTTPStream(status: 200, headers: [:], chunks: chunks))
        }
        try await serving(respond) { server in
            let client = try RawClient(port: server.port)
            await client.send("GET /watch HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = await client.read(until: "first")
            client.close()
            for await _ in ended {}
        }
    }

    @Test("a stream that fails cuts the response off instead of ending it")
    func brokenStream() async throws {
        struct Broken: Error {}
        let respond: Responder = { _, _ in
            let (chunks, feed) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
            feed.yield(Array("first\n".utf8))
            feed.finish(throwing: Broken())
            return .stream(HTTPStream(status: 200, headers: [:], chunks: chunks))
        }
        try await serving(respond) { server in
            let client = try RawClient(port: server.port)
            defer { client.close() }
            await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let reply = await client.read()
            #expect(reply.contains("first"))
            #expect(!reply.contains("\r\n0\r\n\r\n"))
        }
    }

    @Test("a slow reader holds the stream back")
    func backPressure() async throws {
        let produced = Mutex(0)
        let chunk = [UInt8](repeating: 0x61, count: 64 << 10)
        let respond: Responder = { _, _ in
            let chunks = AsyncThrowingStream<[UInt8], any Error> {
                let count = produced.withLock { count in
                    count += 1
                    return count
                }
                return count > 4000 ? nil : chunk
            }
            return .stream(HTTPStream(status: 200, headers: [:], chunks: chunks))
        }
        try await serving(respond) { server in
            let client = try RawClient(port: server.port)
            await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            // Until two looks 200 ms apart see the same count: the socket's buffers are full and nothing is produced.
            var before = -1
            while before < 1 || before != produced.withLock({ $0 }) {
                before = produced.withLock { $0 }
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(before < 1000, "\(before) chunks of 64 KiB were produced for a client that reads nothing")
            client.close()
        }
    }

    @Test("a dropped reply closes the connection without a byte")
    func drop() async throws {
        try await serving({ _, _ in .dropConnection }) { server in
            let client = try RawClient(port: server.port)
            defer { client.close() }
            await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.read() == "")
        }
    }

    @Test("after stop the port is closed, and a stream in the middle has ended")
    func stop() async throws {
        let respond: Responder = { _, _ in
            let (chunks, feed) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
            feed.yield(Array("first\n".utf8))
            feed.onTermination = { _ in }
            return .stream(HTTPStream(status: 200, headers: [:], chunks: chunks))
        }
        let server = try await SandboxServer.start(respond: respond)
        let client = try RawClient(port: server.port)
        defer { client.close() }
        await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = await client.read(until: "first")
        await server.stop()
        #expect(await client.read() == "")
        #expect(throws: RawClient.Refused.self) { try RawClient(port: server.port).close() }
    }

    @Test("a port that is taken is an error that names it")
    func portTaken() async throws {
        try await serving(echo) { server in
            await #expect(throws: ServerError.self) { try await SandboxServer.start(port: server.port, respond: echo) }
        }
    }
}
