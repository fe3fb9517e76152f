public import HTTP
public import SandboxKube

/// A transport that asks a cluster in the same process: the kubelet is a client like any other, without a network.
public struct InProcessTransport: HTTPTransport {
    private let cluster: KubeSandbox

    /// A transport to `cluster`.
    public init(to cluster: KubeSandbox) { self.cluster = cluster }

    /// The cluster's response; a stream is read to its end.
    public func send(_ request: HTTPRequest, bodyLimit: Int) async throws(HTTPError) -> HTTPResponse {
        switch await cluster.respond(to: request) {
        case .whole(let response): return response
        case .stream(let stream):
            var body: [UInt8] = []
            do {
                for try await chunk in stream.chunks {
                    body += chunk
                    if body.count > bodyLimit { throw HTTPError(.tooLarge, mayHaveActed: true, request.url) }
                }
            } catch {
                throw error as? HTTPError
                    ?? HTTPError(.protocolViolation, mayHaveActed: true, "\(request.url): \(error)")
            }
            return HTTPResponse(status: stream.status, headers: stream.headers, body: body)
        }
    }

    /// The cluster's stream; a whole response is a stream of one chunk.
    public func stream(_ request: HTTPRequest) async throws(HTTPError) -> HTTPStream {
        switch await cluster.respond(to: request) {
        case .stream(let stream): return stream
        case .whole(let response):
            let chunks = AsyncThrowingStream<[UInt8], any Error> { feed in
                feed.yield(response.body)
                feed.finish()
            }
            return HTTPStream(status: response.status, headers: response.headers, chunks: chunks)
        }
    }
}
