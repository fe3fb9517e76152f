public import HTTP

/// HTTP over libcurl: HTTP/1.1 and HTTP/2, kept-alive connections, gzip, TLS from PEM in memory.
///
/// All exchanges of one transport share one thread and one pool of connections; the thread ends with the last
/// reference to the transport and to its open streams. There is no cap on connections, since a capped pool lets long
/// watches starve short calls; who opens many streams gives them a transport of their own.
///
/// It follows no redirect and repeats nothing: libcurl's own repetition on a stale connection is made impossible for
/// requests that change something.
public final class CurlTransport: HTTPTransport {
    private let lifeline: EngineLifeline
    private let settings: CurlSettings

    /// A transport with the given trust and identity.
    ///
    /// - Parameters:
    ///   - tls: whom to trust and as whom to appear, for every exchange.
    ///   - userAgent: the `User-Agent` of requests that bring none.
    ///   - proxy: URL of a proxy; an empty string uses none; `nil` does what `https_proxy`, `http_proxy` and
    ///     `no_proxy` in the environment say.
    public init(tls: TLSOptions, userAgent: String = "clearml-glue", proxy: String? = nil) {
        settings = CurlSettings(tls: tls, userAgent: userAgent, proxy: proxy)
        lifeline = EngineLifeline(CurlEngine.start())
    }

    /// Sends `request` and reads the response whole, at most `bodyLimit` bytes of it. Cancelling the task ends the
    /// exchange within milliseconds.
    public func send(_ request: HTTPRequest, bodyLimit: Int) async throws(HTTPError) -> HTTPResponse {
        let exchange = Exchange(request, settings: settings, delivery: .whole(limit: bodyLimit))
        return try await lifeline.engine.answer(to: exchange).get()
    }

    /// Sends `request` and returns once the response's head is there. At most 256 KiB of the body wait for the reader,
    /// then the sender is slowed down.
    public func stream(_ request: HTTPRequest) async throws(HTTPError) -> HTTPStream {
        let exchange = Exchange(request, settings: settings, delivery: .stream)
        let reader = StreamReader(exchange, lifeline)
        let head = try await lifeline.engine.answer(to: exchange).get()
        let chunks = AsyncThrowingStream<[UInt8], any Error>(unfolding: { try await reader.next() })
        return HTTPStream(status: head.status, headers: head.headers, chunks: chunks)
    }
}

extension CurlTransport {
    /// The certificates that the server of `url` shows, its own first, as PEM: for the diagnosis of a handshake that
    /// failed. Nothing is verified, and nothing is sent after the handshake.
    public func certificates(shownBy url: String, timeouts: HTTPTimeouts = .init()) async throws(HTTPError) -> [UInt8] {
        let request = HTTPRequest(.head, url, timeouts: timeouts)
        let exchange = Exchange(request, settings: settings, delivery: .certificates)
        return try await lifeline.engine.answer(to: exchange).get().body
    }
}

/// What every exchange of one transport has in common.
struct CurlSettings: Sendable {
    let tls: TLSOptions
    let userAgent: String
    let proxy: String?
}

/// Ends the engine when nobody can use it any more: held by the transport and by each open stream.
final class EngineLifeline: Sendable {
    let engine: CurlEngine

    init(_ engine: CurlEngine) { self.engine = engine }

    deinit { engine.stop() }
}

/// The reading end of a stream's body. Letting go of it closes the exchange.
final class StreamReader: Sendable {
    private let exchange: Exchange
    private let lifeline: EngineLifeline

    init(_ exchange: Exchange, _ lifeline: EngineLifeline) {
        self.exchange = exchange
        self.lifeline = lifeline
    }

    deinit { lifeline.engine.submit(.cancel(exchange)) }

    func next() async throws(HTTPError) -> [UInt8]? {
        let engine = lifeline.engine
        let exchange = exchange
        return try await withTaskCancellationHandler {
            await exchange.nextChunk { engine.submit(.resume(exchange)) }
        } onCancel: {
            engine.submit(.cancel(exchange))
        }.get()
    }
}
