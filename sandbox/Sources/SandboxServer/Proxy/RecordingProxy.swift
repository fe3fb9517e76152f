public import HTTP
internal import JSON
public import OS

/// Stands between a client and its server: forwards everything, writes down every exchange, and kills at exact places.
public final class RecordingProxy: Sendable {
    private let upstream: String
    private let transport: any HTTPTransport
    private let record: ExchangeRecord
    private let book = CrashBook()

    /// A proxy to `upstream` (`https://host:port`) that records to the file `recordPath`.
    public init(upstream: String, transport: any HTTPTransport, recordPath: String) throws(OSError) {
        self.upstream = upstream.hasSuffix("/") ? String(upstream.dropLast()) : upstream
        self.transport = transport
        record = try ExchangeRecord(path: recordPath)
    }

    /// Headers that belong to one connection, and not to the exchange.
    private static let ownHeaders: Set = [
        "host", "content-length", "connection", "transfer-encoding", "expect", "accept-encoding", "keep-alive",
        "content-encoding",
    ]

    private static func passed(_ headers: HTTPHeaders) -> HTTPHeaders {
        var result = HTTPHeaders()
        for (name, value) in headers.fields where !ownHeaders.contains(name.lowercased()) { result.add(name, value) }
        return result
    }

    /// Forwards one request.
    @Sendable public func respond(to request: HTTPRequest, from peer: Peer) async -> Reply {
        let method = request.method.rawValue
        let exchange = "\(method) \(request.url)"
        // A record with a hole would make a test believe in exchanges that never were: nothing passes after one.
        if book.failure != nil { return .dropConnection }
        let ticket = book.enter(method: method, path: request.url)
        if book.strike(ticket, .before, exchange, peer) {
            write(ticket, request, [("crash", "before")])
            return .dropConnection
        }
        var forwarded = request
        forwarded.url = upstream + request.url
        forwarded.headers = Self.passed(request.headers)
        if Self.isStream(request.url) { return await stream(forwarded, request, ticket) }
        forwarded.timeouts = HTTPTimeouts(connect: .seconds(10), idle: .seconds(300), total: .seconds(600))
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try await transport.send(forwarded)
        } catch {
            write(ticket, request, [("error", .string(error.message))])
            return .dropConnection
        }
        let told: [(String, JSONValue)] = [
            ("status", .integer(Int64(response.status))), ("response", ExchangeRecord.body(response.body)),
        ]
        if book.strike(ticket, .afterCommit, exchange, peer) {
            write(ticket, request, told + [("crash", "after-commit")])
            return .dropConnection
        }
        let reply = HTTPResponse(
            status: response.status, headers: Self.passed(response.headers), body: response.body)
        guard !ticket.strikes.isEmpty else {
            write(ticket, request, told)
            return .whole(reply)
        }
        return .wholeThen(reply) { [self] isDelivered in
            let isStruck = isDelivered && book.strike(ticket, .afterReply, exchange, peer)
            write(
                ticket, request,
                told + (isStruck ? [("crash", "after-reply")] : []) + (isDelivered ? [] : [("undelivered", true)]))
        }
    }

    private func stream(_ forwarded: HTTPRequest, _ request: HTTPRequest, _ ticket: CrashBook.Ticket) async -> Reply {
        var forwarded = forwarded
        // The client's own limits end a watch; this one only keeps a dead upstream from being waited for without end.
        forwarded.timeouts = HTTPTimeouts(connect: .seconds(10), idle: .seconds(3600), total: nil)
        do throws(HTTPError) {
            let stream = try await transport.stream(forwarded)
            write(ticket, request, [("status", .integer(Int64(stream.status))), ("stream", true)])
            return .stream(
                HTTPStream(status: stream.status, headers: Self.passed(stream.headers), chunks: stream.chunks))
        } catch {
            write(ticket, request, [("error", .string(error.message))])
            return .dropConnection
        }
    }

    private static func isStream(_ url: String) -> Bool {
        let query = url.drop { $0 != "?" }.dropFirst().split(separator: "&")
        return query.contains { ["watch=true", "watch=1", "follow=true", "follow=1"].contains($0) }
    }

    private func write(_ ticket: CrashBook.Ticket, _ request: HTTPRequest, _ more: [(String, JSONValue)]) {
        var line: JSONObject = [
            "n": .integer(Int64(ticket.number)), "time": .string(Timestamp.now().description),
            "method": .string(request.method.rawValue), "path": .string(request.url), "write": .bool(ticket.isWrite),
            "request": ExchangeRecord.body(request.body ?? []),
        ]
        for (name, value) in more { line[name] = value }
        do throws(OSError) {
            try record.append(.object(line))
        } catch {
            book.fail(error.description)
        }
    }

    // MARK: Control

    /// The control port: `GET /state`, `POST /crash-points` (one or a list), `DELETE /crash-points`.
    @Sendable public func control(_ request: HTTPRequest, from peer: Peer) async -> Reply {
        switch (request.method, request.url) {
        case (.get, "/state"): return .whole(.json(200, book.report))
        case (.delete, "/crash-points"):
            book.clear()
            return .whole(.json(200, book.report))
        case (.post, "/crash-points"):
            do {
                let body = try JSONValue(parsing: request.body ?? [])
                var points: [CrashPoint] = []
                for point in body.array ?? [body] { points.append(try CrashPoint(point)) }
                book.add(points)
                return .whole(.json(200, book.report))
            } catch {
                return .whole(.json(400, ["error": .string("\(error)")]))
            }
        default: return .whole(.json(404, ["error": "GET /state, POST /crash-points, DELETE /crash-points"]))
        }
    }
}
