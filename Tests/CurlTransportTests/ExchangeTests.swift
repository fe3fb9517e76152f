import CurlTransport
import HTTP
import Testing

func makeTransport(_ tls: TLSOptions = TLSOptions()) -> CurlTransport { CurlTransport(tls: tls, proxy: "") }

/// The error `work` throws; a test that expects one fails when there is none.
func failure<Success>(_ work: () async throws -> Success) async -> HTTPError? {
    do {
        _ = try await work()
        Issue.record("expected an error")
        return nil
    } catch {
        return error as? HTTPError
    }
}

@Suite("One exchange", .timeLimit(.minutes(1)))
struct ExchangeTests {
    @Test("a GET carries its header fields and brings back status, fields and body")
    func get() async throws {
        let server = LocalServer { connection, _ in
            guard let request = connection.readRequest() else { return }
            let isRight =
                request.head.hasPrefix("GET /a/b?c=%20d HTTP/1.1\r\n") && request.head.contains("\r\nX-One: 1\r\n")
                && request.head.contains("\r\nX-Empty:\r\n")
                && request.head.contains("\r\nUser-Agent: clearml-glue\r\n")
                && request.head.contains("\r\nAccept-Encoding: gzip\r\n")
            connection.send(Connection.ok(isRight ? "right" : request.head, "X-Two: 2 \r\nX-Two: 3\r\n"))
        }
        defer { server.stop() }
        let request = HTTPRequest(.get, server.url + "/a/b?c=%20d", headers: ["X-One": "1", "X-Empty": ""])
        let response = try await makeTransport().send(request)
        #expect(response.status == 200)
        #expect(response.headers.all("x-two") == ["2", "3"])
        #expect(String(decoding: response.body, as: UTF8.self) == "right")
    }

    @Test(
        "a body arrives whole, with its length, whatever the method",
        arguments: [HTTPRequest.Method.post, .put, .patch, .delete], [nil, 0, 5, 3_000_000])
    func upload(method: HTTPRequest.Method, size: Int?) async throws {
        let server = LocalServer { connection, _ in
            guard let (head, body) = connection.readRequest() else { return }
            let sum = body.reduce(into: UInt64(0)) { $0 = $0 &* 31 &+ UInt64($1) }
            let isRight =
                head.hasPrefix(method.rawValue + " / ") && !head.contains("Expect") && !head.contains("chunked")
                && !head.lowercased().contains("content-type")
            connection.send(Connection.ok("\(isRight) \(body.count) \(sum)"))
        }
        defer { server.stop() }
        let body = size.map { (0..<$0).map { UInt8(truncatingIfNeeded: $0 &* 7) } }
        let sum = (body ?? []).reduce(into: UInt64(0)) { $0 = $0 &* 31 &+ UInt64($1) }
        let response = try await makeTransport().send(HTTPRequest(method, server.url + "/", body: body))
        #expect(String(decoding: response.body, as: UTF8.self) == "true \(size ?? 0) \(sum)")
    }

    @Test("a HEAD has no body, and waits for none")
    func head() async throws {
        let server = LocalServer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            _ = connection.waitForClose(milliseconds: 30_000)
        }
        defer { server.stop() }
        let response = try await makeTransport().send(HTTPRequest(.head, server.url))
        #expect(response.headers["content-length"] == "100" && response.body.isEmpty)
    }

    @Test("a redirect is an answer like any other, and is not followed")
    func redirect() async throws {
        let server = LocalServer { connection, server in
            _ = connection.readRequest()
            _ = server.count()
            connection.send("HTTP/1.1 302 Found\r\nLocation: \(server.url)/other\r\nContent-Length: 0\r\n\r\n")
        }
        defer { server.stop() }
        let response = try await makeTransport().send(HTTPRequest(.get, server.url))
        #expect(response.status == 302 && server.requests == 1)
        #expect(response.headers["Location"] == server.url + "/other")
    }

    @Test("a status of 400 or more is an answer, not an error", arguments: [400, 404, 409, 503])
    func statuses(status: Int) async throws {
        let server = LocalServer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 \(status) No\r\nContent-Length: 2\r\n\r\nno")
        }
        defer { server.stop() }
        let response = try await makeTransport().send(HTTPRequest(.get, server.url))
        #expect(response.status == status && response.body == Array("no".utf8))
    }

    @Test("a gzip body comes out unpacked, and the limit counts what comes out")
    func gzip() async throws {
        // 1000 times `a`, packed by Python's gzip module.
        let packed: [UInt8] = [
            0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xff, 0x4b, 0x4c, 0x1c, 0x05, 0xa3, 0x60, 0x14, 0x0c,
            0x77, 0x00, 0x00, 0x03, 0xda, 0x38, 0x9a, 0xe8, 0x03, 0x00, 0x00,
        ]
        let server = LocalServer { connection, _ in
            while connection.readRequest() != nil {
                connection.send(
                    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n\r\n")
                connection.send(packed)
            }
        }
        defer { server.stop() }
        let transport = makeTransport()
        let response = try await transport.send(HTTPRequest(.get, server.url))
        #expect(response.body == [UInt8](repeating: UInt8(ascii: "a"), count: 1000))
        #expect(response.headers["Content-Encoding"] == nil && response.headers["Content-Length"] == nil)
        let error = await failure { try await transport.send(HTTPRequest(.get, server.url), bodyLimit: 999) }
        #expect(error?.kind == .tooLarge && error?.mayHaveActed == true)
    }

    @Test("an interim answer is passed over, and trailers do not disturb")
    func interim() async throws {
        let server = LocalServer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\n")
            connection.send("Transfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n2\r\nok\r\n0\r\nX-End: 1\r\n\r\n")
        }
        defer { server.stop() }
        let response = try await makeTransport().send(HTTPRequest(.get, server.url))
        #expect(response.status == 201 && response.body == Array("ok".utf8))
        #expect(response.headers["Link"] == nil && response.headers["X-End"] == nil)
    }

    @Test("connections are kept and used again")
    func keepAlive() async throws {
        let server = LocalServer { connection, _ in
            while connection.readRequest() != nil { connection.send(Connection.ok("")) }
        }
        defer { server.stop() }
        let transport = makeTransport()
        for _ in 0..<20 { _ = try await transport.send(HTTPRequest(.get, server.url)) }
        _ = try await transport.send(HTTPRequest(.post, server.url, body: [1, 2, 3]))
        #expect(server.connections == 1)
    }

    @Test("two transports serve 100 tasks at once")
    func manyTasks() async throws {
        let server = LocalServer { connection, server in
            while connection.readRequest() != nil {
                _ = server.count()
                connection.send(Connection.ok("hello"))
            }
        }
        defer { server.stop() }
        let transports = [makeTransport(), makeTransport()]
        let url = server.url
        try await withThrowingTaskGroup { group in
            for task in 0..<100 {
                group.addTask {
                    for turn in 0..<5 {
                        let method: HTTPRequest.Method = turn.isMultiple(of: 2) ? .get : .post
                        let body: [UInt8]? = method == .post ? [1] : nil
                        let response = try await transports[task % 2].send(HTTPRequest(method, url, body: body))
                        #expect(response.body == Array("hello".utf8))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(server.requests == 500)
    }

    @Test("a field with a line break is refused before anything is sent")
    func injection() async {
        let error = await failure {
            try await makeTransport().send(HTTPRequest(.get, "http://127.0.0.1:1/", headers: ["X": "a\r\nEvil: 1"]))
        }
        #expect(error?.kind == .protocolViolation && error?.mayHaveActed == false)
        #expect(error?.message.contains("Evil") == false)
    }
}
