import CurlTransport
import Glibc
import HTTP
import Testing

@Suite("Failures of an exchange", .timeLimit(.minutes(1)))
struct FailureTests {
    @Test("a refused connection cannot have acted")
    func refused() async {
        let server = LocalServer { _, _ in }
        server.stop()
        let error = await failure { try await makeTransport().send(HTTPRequest(.post, server.url, body: [1])) }
        #expect(error?.kind == .connect && error?.mayHaveActed == false)
        #expect(error?.message.hasPrefix("POST \(server.url): ") == true)
    }

    @Test("a name without address cannot have acted, and the message shows no secret")
    func unresolvable() async {
        let url = "http://user:hunter2@no-such-host.invalid/path?signature=hunter3"
        let error = await failure { try await makeTransport().send(HTTPRequest(.post, url, body: [1])) }
        #expect(error?.kind == .nameResolution && error?.mayHaveActed == false)
        #expect(error?.message.hasPrefix("POST http://no-such-host.invalid/path: ") == true)
        #expect(error?.message.contains("hunter") == false)
    }

    @Test(
        "what is no http URL is refused",
        arguments: ["", "nonsense", "ftp://127.0.0.1/", "file:///etc/passwd", "http://"])
    func urls(url: String) async {
        let error = await failure { try await makeTransport().send(HTTPRequest(.get, url)) }
        #expect(error?.kind == .invalidURL && error?.mayHaveActed == false)
    }

    @Test(
        "a connection that drops after the request was read may have acted, and nothing is sent twice",
        arguments: [HTTPRequest.Method.get, .post, .delete], [nil, 10])
    func dropped(method: HTTPRequest.Method, size: Int?) async throws {
        let server = LocalServer { connection, server in
            _ = connection.readRequest()
            _ = server.count()
        }
        defer { server.stop() }
        let body = size.map { [UInt8](repeating: 0, count: $0) }
        let error = await failure { try await makeTransport().send(HTTPRequest(method, server.url, body: body)) }
        #expect(error?.kind == .protocolViolation && error?.mayHaveActed == true)
        #expect(server.requests == 1)
    }

    @Test(
        "a write on a kept-alive connection that drops without an answer is not sent a second time",
        arguments: [HTTPRequest.Method.post, .patch, .put, .delete], [nil, 0, 10, 200_000])
    func droppedOnUsedConnection(method: HTTPRequest.Method, size: Int?) async throws {
        let server = LocalServer { connection, server in
            while let request = connection.readRequest() {
                if !request.head.hasPrefix("GET") {
                    _ = server.count()
                    return
                }
                connection.send(Connection.ok(""))
            }
        }
        defer { server.stop() }
        let transport = makeTransport()
        _ = try await transport.send(HTTPRequest(.get, server.url))
        let body = size.map { [UInt8](repeating: 0, count: $0) }
        let error = await failure { try await transport.send(HTTPRequest(method, server.url, body: body)) }
        #expect(error?.mayHaveActed == true)
        #expect(server.requests == 1)
    }

    @Test("half an answer is an error")
    func truncated() async {
        let server = LocalServer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        }
        defer { server.stop() }
        let error = await failure { try await makeTransport().send(HTTPRequest(.get, server.url)) }
        #expect(error?.kind == .protocolViolation && error?.mayHaveActed == true)
    }

    @Test("what is no HTTP is an error")
    func garbage() async {
        let server = LocalServer { connection, _ in
            _ = connection.readRequest()
            connection.send("SSH-2.0-OpenSSH_9.2\r\n\r\n")
        }
        defer { server.stop() }
        let error = await failure { try await makeTransport().send(HTTPRequest(.get, server.url)) }
        #expect(error?.kind == .protocolViolation && error?.mayHaveActed == true)
    }

    @Test("header fields without end are cut off")
    func endlessHeaders() async {
        let server = LocalServer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\n")
            while connection.send("X-Field: \(String(repeating: "x", count: 1000))\r\n") {}
        }
        defer { server.stop() }
        let error = await failure { try await makeTransport().send(HTTPRequest(.get, server.url)) }
        #expect(error?.kind == .tooLarge || error?.kind == .protocolViolation)
        #expect(error?.mayHaveActed == true)
    }

    @Test("silence before the answer ends at the idle limit")
    func idle() async {
        let server = LocalServer { connection, _ in
            _ = connection.readRequest()
            _ = connection.waitForClose(milliseconds: 30_000)
        }
        defer { server.stop() }
        let timeouts = HTTPTimeouts(idle: .milliseconds(150))
        let start = ContinuousClock.now
        let error = await failure { try await makeTransport().send(HTTPRequest(.get, server.url, timeouts: timeouts)) }
        let took = ContinuousClock.now - start
        #expect(error?.kind == .timeout && error?.mayHaveActed == true)
        #expect(error?.message.contains("silent") == true)
        #expect(took >= .milliseconds(150) && took < .seconds(25))
    }

    @Test("an answer that trickles for ever ends at the total limit")
    func total() async {
        let server = LocalServer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while connection.send("x") { usleep(20_000) }
        }
        defer { server.stop() }
        let timeouts = HTTPTimeouts(idle: .seconds(10), total: .seconds(1))
        let error = await failure { try await makeTransport().send(HTTPRequest(.get, server.url, timeouts: timeouts)) }
        #expect(error?.kind == .timeout && error?.mayHaveActed == true)
    }

    @Test("a connection that never stands ends at the connect limit, and cannot have acted")
    func connectLimit() async {
        // TCP stands, TLS never answers.
        let server = LocalServer { connection, _ in usleep(3_000_000) }
        defer { server.stop() }
        let timeouts = HTTPTimeouts(connect: .milliseconds(150))
        let url = "https://127.0.0.1:\(server.port)/"
        let error = await failure {
            try await makeTransport().send(HTTPRequest(.post, url, body: [1], timeouts: timeouts))
        }
        #expect(error?.kind == .connect && error?.mayHaveActed == false)
    }

    @Test("cancelling the task ends the exchange at once and closes the connection")
    func cancelled() async throws {
        let (seen, arrived) = AsyncStream<Bool>.makeStream()
        let server = LocalServer { connection, _ in
            _ = connection.readRequest()
            arrived.yield(true)
            arrived.yield(connection.waitForClose(milliseconds: 30_000))
        }
        defer { server.stop() }
        let url = server.url
        let transport = makeTransport()
        let task = Task { await failure { try await transport.send(HTTPRequest(.post, url, body: [1])) } }
        var signals = seen.makeAsyncIterator()
        _ = await signals.next()
        let start = ContinuousClock.now
        task.cancel()
        let error = await task.value
        #expect(error?.kind == .cancelled && error?.mayHaveActed == true)
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(await signals.next() == true, "the server sees the connection close")
    }

    @Test("a task already cancelled sends nothing")
    func cancelledBefore() async {
        let server = LocalServer { connection, server in
            if connection.readRequest() != nil { _ = server.count() }
        }
        defer { server.stop() }
        let url = server.url
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await failure { try await makeTransport().send(HTTPRequest(.post, url, body: [1])) }
        }
        let error = await task.value
        #expect(error?.kind == .cancelled && error?.mayHaveActed == false)
        #expect(server.requests == 0)
    }
}
