import CurlTransport
import Glibc
import HTTP
import Synchronization
import Testing

@Suite("Streams", .timeLimit(.minutes(1)))
struct StreamTests {
    @Test("chunks come as they are sent, and the end is an end")
    func chunked() async throws {
        let (told, tell) = AsyncStream<Void>.makeStream()
        let gate = Mutex(false)
        let server = LocalServer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
            // The second piece waits until the test has seen the first.
            while !gate.withLock({ $0 }) { usleep(1000) }
            connection.send("3\r\ntwo\r\n0\r\n\r\n")
            tell.finish()
        }
        defer { server.stop() }
        let stream = try await makeTransport().stream(HTTPRequest(.get, server.url))
        #expect(stream.status == 200)
        var chunks = stream.chunks.makeAsyncIterator()
        #expect(try await chunks.next() == Array("one".utf8))
        gate.withLock { $0 = true }
        #expect(try await chunks.next() == Array("two".utf8))
        #expect(try await chunks.next() == nil)
        for await _ in told {}
    }

    @Test("a slow reader slows the sender, and nothing is lost")
    func backPressure() async throws {
        let sent = Mutex(0)
        let total = 40 << 20
        let server = LocalServer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            let piece = [UInt8](repeating: 7, count: 64 << 10)
            for _ in 0..<(total / piece.count) {
                guard connection.send(piece) else { return }
                sent.withLock { $0 += piece.count }
            }
        }
        defer { server.stop() }
        let timeouts = HTTPTimeouts(idle: .seconds(1), total: nil)
        let stream = try await makeTransport().stream(HTTPRequest(.get, server.url, timeouts: timeouts))
        // The reader rests for longer than the idle limit: its own rest is not the server's silence.
        try await Task.sleep(for: .milliseconds(1200))
        let ahead = sent.withLock { $0 }
        #expect(ahead < 20 << 20, "the sender must have been stopped, but sent \(ahead) bytes")
        var received = 0
        var largest = 0
        for try await chunk in stream.chunks {
            received += chunk.count
            largest = max(largest, chunk.count)
        }
        #expect(received == total)
        #expect(largest <= 256 << 10)
    }

    @Test("silence in a stream ends it with an error")
    func idle() async throws {
        let server = LocalServer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
            _ = connection.waitForClose(milliseconds: 30_000)
        }
        defer { server.stop() }
        let timeouts = HTTPTimeouts(idle: .milliseconds(500), total: nil)
        let stream = try await makeTransport().stream(HTTPRequest(.get, server.url, timeouts: timeouts))
        var received: [UInt8] = []
        let error = await failure { for try await chunk in stream.chunks { received += chunk } }
        #expect(received == Array("one".utf8))
        #expect(error?.kind == .timeout)
    }

    @Test("a stream that breaks off gives what came, then the error")
    func broken() async throws {
        let server = LocalServer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        }
        defer { server.stop() }
        let stream = try await makeTransport().stream(HTTPRequest(.get, server.url))
        var received: [UInt8] = []
        let error = await failure { for try await chunk in stream.chunks { received += chunk } }
        #expect(received == Array("one".utf8))
        #expect(error?.kind == .protocolViolation && error?.mayHaveActed == true)
    }

    private func closesWhen(_ act: (CurlTransport, String) async throws -> Void) async throws {
        let (seen, closed) = AsyncStream<Bool>.makeStream()
        let server = LocalServer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
            closed.yield(connection.waitForClose(milliseconds: 30_000))
        }
        defer { server.stop() }
        let transport = makeTransport()
        try await act(transport, server.url)
        let start = ContinuousClock.now
        var signals = seen.makeAsyncIterator()
        #expect(await signals.next() == true, "the server sees the connection close")
        #expect(ContinuousClock.now - start < .seconds(20))
        withExtendedLifetime(transport) {}
    }

    @Test("leaving the loop closes the exchange")
    func left() async throws {
        try await closesWhen { transport, url in
            let stream = try await transport.stream(HTTPRequest(.get, url))
            for try await _ in stream.chunks { break }
        }
    }

    @Test("cancelling the reading task closes the exchange")
    func cancelled() async throws {
        try await closesWhen { transport, url in
            let (seen, arrived) = AsyncStream<Void>.makeStream()
            let task = Task {
                for try await _ in try await transport.stream(HTTPRequest(.get, url)).chunks { arrived.yield() }
            }
            var signals = seen.makeAsyncIterator()
            await signals.next()
            let start = ContinuousClock.now
            task.cancel()
            let result = await task.result
            #expect(ContinuousClock.now - start < .seconds(10))
            if case .failure(let error) = result { #expect((error as? HTTPError)?.kind == .cancelled) }
        }
    }

    @Test("a stream never read is closed when it is let go")
    func neverRead() async throws {
        try await closesWhen { transport, url in _ = try await transport.stream(HTTPRequest(.get, url)) }
    }

    @Test("a stream outlives the transport it came from")
    func outlives() async throws {
        let server = LocalServer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            connection.send([UInt8](repeating: 1, count: 1_000_000))
        }
        defer { server.stop() }
        var transport: CurlTransport? = makeTransport()
        let stream = try await transport?.stream(HTTPRequest(.get, server.url))
        transport = nil
        var received = 0
        if let stream { for try await chunk in stream.chunks { received += chunk.count } }
        #expect(received == 1_000_000)
    }

    @Test("60 open streams do not hold up a call")
    func manyStreams() async throws {
        let server = LocalServer { connection, _ in
            while let request = connection.readRequest() {
                if request.head.hasPrefix("GET /watch") {
                    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
                    _ = connection.waitForClose(milliseconds: 20_000)
                    return
                }
                connection.send(Connection.ok("call"))
            }
        }
        defer { server.stop() }
        let transport = makeTransport()
        var streams: [HTTPStream] = []
        for _ in 0..<60 { streams.append(try await transport.stream(HTTPRequest(.get, server.url + "/watch"))) }
        let timeouts = HTTPTimeouts(total: .seconds(20))
        let response = try await transport.send(HTTPRequest(.get, server.url + "/call", timeouts: timeouts))
        #expect(response.body == Array("call".utf8))
        #expect(streams.count == 60)
    }
}
