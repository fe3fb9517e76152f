public import HTTP
import JSON
import Synchronization

/// A server as a script: the n-th request meets the n-th step. A request beyond the script, and a step never reached,
/// are both failures (`finish()` reports the latter).
public final class ScriptedTransport: HTTPTransport {
    /// One answer: from the request to a response, or to the error the network gave.
    public typealias Step = @Sendable (HTTPRequest) -> Result<HTTPResponse, HTTPError>

    private struct State {
        var steps: [Step]
        var requests: [HTTPRequest] = []
    }

    private let state: Mutex<State>

    /// A script of `steps`.
    public init(_ steps: [Step]) { state = Mutex(State(steps: steps)) }

    /// The requests seen so far.
    public var requests: [HTTPRequest] { state.withLock { $0.requests } }

    /// The number of steps not yet reached; 0 at the end of a good test.
    public var remaining: Int { state.withLock { $0.steps.count } }

    private func answer(_ request: HTTPRequest) -> Result<HTTPResponse, HTTPError> {
        let step: Step? = state.withLock { state in
            state.requests.append(request)
            return state.steps.isEmpty ? nil : state.steps.removeFirst()
        }
        guard let step else {
            return .failure(
                HTTPError(.protocolViolation, mayHaveActed: false, "unscripted: \(request.method) \(request.url)"))
        }
        return step(request)
    }

    /// The next step's answer.
    public func send(_ request: HTTPRequest, bodyLimit: Int) async throws(HTTPError) -> HTTPResponse {
        try answer(request).get()
    }

    /// The next step's answer, its body as one chunk.
    public func stream(_ request: HTTPRequest) async throws(HTTPError) -> HTTPStream {
        let response = try answer(request).get()
        let (chunks, continuation) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
        if !response.body.isEmpty { continuation.yield(response.body) }
        continuation.finish()
        return HTTPStream(status: response.status, headers: response.headers, chunks: chunks)
    }
}
