/// A transport that tries again where `RetryPolicy` says so. The project's one retry loop around single requests.
public struct RetryingTransport: HTTPTransport {
    /// Told before each wait: the request, what happened, and how long the wait will be.
    public typealias Observer = @Sendable (HTTPRequest, RetryPolicy.Outcome, Duration) -> Void

    private let transport: any HTTPTransport
    private let policy: RetryPolicy
    private let clock: any Clock<Duration>
    private let jitter: @Sendable () -> Double
    private let observer: Observer

    /// Wraps `transport`.
    ///
    /// - Parameters:
    ///   - transport: what sends each try.
    ///   - policy: which outcomes are worth another try.
    ///   - clock: measures the waits.
    ///   - jitter: 0…1, spreads the waits of many clients.
    ///   - observer: told before each wait, for the log.
    public init(
        _ transport: any HTTPTransport, policy: RetryPolicy = RetryPolicy(),
        clock: any Clock<Duration> = ContinuousClock(),
        jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) }, observer: @escaping Observer = { _, _, _ in }
    ) {
        self.transport = transport
        self.policy = policy
        self.clock = clock
        self.jitter = jitter
        self.observer = observer
    }

    /// Sends `request` until the outcome is final; a status that stays bad is returned as any other.
    public func send(_ request: HTTPRequest, bodyLimit: Int) async throws(HTTPError) -> HTTPResponse {
        try await persist(request) { () throws(HTTPError) in
            let response = try await transport.send(request, bodyLimit: bodyLimit)
            return (response, response.status, response.headers)
        }
    }

    /// Opens the stream, trying again as long as no head with a good status came. A stream that breaks later is the
    /// caller's to continue.
    public func stream(_ request: HTTPRequest) async throws(HTTPError) -> HTTPStream {
        try await persist(request) { () throws(HTTPError) in
            let stream = try await transport.stream(request)
            return (stream, stream.status, stream.headers)
        }
    }

    private func persist<Answer: Sendable>(
        _ request: HTTPRequest,
        _ attempt: () async throws(HTTPError) -> (answer: Answer, status: Int, headers: HTTPHeaders)
    ) async throws(HTTPError) -> Answer {
        var failures = 0
        var waited = Duration.zero
        while true {
            var result: Result<Answer, HTTPError>
            let outcome: RetryPolicy.Outcome
            do throws(HTTPError) {
                let (answer, status, headers) = try await attempt()
                result = .success(answer)
                outcome = .response(status: status, headers: headers)
            } catch {
                result = .failure(error)
                outcome = .failure(error)
            }
            failures += 1
            guard
                let wait = policy.wait(
                    request.method, after: outcome, failures: failures, waited: waited, jitter: jitter())
            else { return try result.get() }
            // An unread stream must not stay open through the wait.
            result = .failure(HTTPError(.cancelled, mayHaveActed: false, "cancelled between two tries"))
            observer(request, outcome, wait)
            do { try await clock.sleep(for: wait) } catch { return try result.get() }
            waited += wait
        }
    }
}
