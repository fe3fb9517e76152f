internal import HTTP
internal import NIOCore
internal import NIOHTTP1

/// One connection: reads a request, answers it, reads the next.
struct Connection: Sendable {
    typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    typealias Inbound = NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator

    let channel: SandboxServer.ChildChannel
    let respond: Responder

    /// Serves until the client or the server's stop ends the connection.
    func serve() async {
        // What is thrown here is the connection's end (reset, unclean TLS shutdown, garbage): the client sees it,
        // and for the server it is no event.
        try? await channel.executeThenClose { inbound, outbound in
            var parts = inbound.makeAsyncIterator()
            while try await exchange(&parts, outbound) {}
        }
    }

    private var peer: Peer {
        guard let address = channel.channel.remoteAddress else { return Peer("unknown") }
        return Peer("\(address.ipAddress ?? "?"):\(address.port ?? 0)")
    }

    /// One request and its reply; `false` when the connection is to be closed.
    private func exchange(_ parts: inout Inbound, _ outbound: Outbound) async throws -> Bool {
        guard case .head(let head)? = try await parts.next() else { return false }
        guard let body = try await readBody(head, &parts, outbound) else {
            try await write(
                .text(413, "the request body is larger than \(SandboxServer.bodyLimit) bytes"), head, outbound,
                last: true)
            return false
        }
        guard let method = HTTPRequest.Method(rawValue: head.method.rawValue) else {
            try await write(
                .text(405, "the method \(head.method.rawValue) is not served"), head, outbound, last: !head.isKeepAlive)
            return head.isKeepAlive
        }
        var headers = HTTP.HTTPHeaders()
        for (name, value) in head.headers { headers.add(name, value) }
        let request = HTTPRequest(method, head.uri, headers: headers, body: body)
        switch await respond(request, peer) {
        case .whole(let response): try await write(response, head, outbound, last: !head.isKeepAlive)
        case .wholeThen(let response, let then):
            do {
                try await write(response, head, outbound, last: !head.isKeepAlive)
                // Behind the write in the loop's queue: the reply has left before this returns.
                try await channel.channel.eventLoop.submit {}.get()
            } catch {
                await then(false)
                throw error
            }
            await then(true)
        case .stream(let stream):
            guard try await write(stream, head, outbound, last: !head.isKeepAlive) else { return false }
        case .dropConnection: return false
        }
        return head.isKeepAlive
    }

    /// The body (`nil` inside: none was sent), or `nil` when it is too large.
    private func readBody(_ head: HTTPRequestHead, _ parts: inout Inbound, _ outbound: Outbound) async throws
        -> [UInt8]??
    {
        let announced = head.headers.first(name: "content-length").flatMap { Int($0) }
        if let announced, announced > SandboxServer.bodyLimit { return nil }
        if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
            try await outbound.write(.head(.init(version: .http1_1, status: .continue)))
        }
        var body: [UInt8] = []
        var isPresent = announced != nil
        while let part = try await parts.next() {
            switch part {
            case .head: throw ConnectionEnd()
            case .body(let buffer):
                isPresent = true
                body.append(contentsOf: buffer.readableBytesView)
                if body.count > SandboxServer.bodyLimit { return nil }
            case .end: return .some(isPresent ? body : nil)
            }
        }
        throw ConnectionEnd()
    }

    private func responseHead(_ status: Int, _ headers: HTTP.HTTPHeaders, last: Bool) -> HTTPResponseHead {
        var fields = NIOHTTP1.HTTPHeaders()
        // Framing is the server's: what a backend (or an upstream) said about it is not passed on.
        let framing: Set = ["content-length", "transfer-encoding", "connection", "keep-alive"]
        for (name, value) in headers.fields where !framing.contains(name.lowercased()) {
            fields.add(name: name, value: value)
        }
        if last { fields.add(name: "Connection", value: "close") }
        return HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: fields)
    }

    private func write(_ response: HTTPResponse, _ request: HTTPRequestHead, _ outbound: Outbound, last: Bool)
        async throws
    {
        var head = responseHead(response.status, response.headers, last: last)
        head.headers.replaceOrAdd(name: "Content-Length", value: String(response.body.count))
        var parts: [HTTPServerResponsePart] = [.head(head)]
        if !response.body.isEmpty, request.method != .HEAD {
            parts.append(.body(.byteBuffer(ByteBuffer(bytes: response.body))))
        }
        parts.append(.end(nil))
        try await outbound.write(contentsOf: parts)
    }

    /// Writes the stream chunk by chunk; a client that reads slowly holds the stream back, one that leaves ends it.
    /// `false` when the stream failed and the response is therefore cut off.
    private func write(_ stream: HTTPStream, _ request: HTTPRequestHead, _ outbound: Outbound, last: Bool) async throws
        -> Bool
    {
        var head = responseHead(stream.status, stream.headers, last: last)
        head.headers.replaceOrAdd(name: "Transfer-Encoding", value: "chunked")
        try await outbound.write(.head(head))
        // A task of its own, so that the connection's close can cancel it while it waits for the next chunk.
        let pump = Task {
            for try await chunk in stream.chunks where !chunk.isEmpty {
                try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: chunk))))
            }
        }
        channel.channel.closeFuture.whenComplete { _ in pump.cancel() }
        let result = await withTaskCancellationHandler {
            await pump.result
        } onCancel: {
            pump.cancel()
        }
        guard case .success = result, !Task.isCancelled, channel.channel.isActive else { return false }
        try await outbound.write(.end(nil))
        return true
    }
}

/// The client left in the middle of a request.
private struct ConnectionEnd: Error {}

extension HTTPResponse {
    /// A plain sentence as a response.
    static func text(_ status: Int, _ text: String) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: ["Content-Type": "text/plain; charset=utf-8"], body: Array((text + "\n").utf8))
    }
}
