public import HTTP

/// Time and chance for calls and watches: injected, so that tests need neither.
public struct Pacing: Sendable {
    /// Time since some fixed point; never goes back.
    public var now: @Sendable () -> Duration
    /// Waits; throws when its task is cancelled.
    public var sleep: @Sendable (Duration) async throws -> Void
    /// A number in 0…1, another each time.
    public var jitter: @Sendable () -> Double

    /// Pacing by the given functions.
    public init(
        now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) async throws -> Void,
        jitter: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.sleep = sleep
        self.jitter = jitter
    }

    private static let origin = ContinuousClock.now

    /// The machine's monotonic clock and generator.
    public static let system = Pacing(
        now: { ContinuousClock.now - origin },
        sleep: { try await ContinuousClock().sleep(for: $0) },
        jitter: { Double.random(in: 0...1) })
}

/// How often and how long a call is tried.
public struct CallPolicy: Sendable, Equatable {
    /// The time for all tries of one call together.
    public var deadline: Duration
    /// The tries.
    public var attempts: Int
    /// The waits between them.
    public var backoff: Backoff

    /// 60 s, 8 tries, 0.2 s → 10 s, unless stated.
    public init(deadline: Duration = .seconds(60), attempts: Int = 8, backoff: Backoff = .call) {
        self.deadline = deadline
        self.attempts = attempts
        self.backoff = backoff
    }

    /// How long to wait before the next try, or `nil`: `error` is final.
    ///
    /// A write is repeated only when the server certainly did not act: it said 429, or the request was never sent.
    func delay(
        after error: KubernetesError, failures: Int, elapsed: Duration, jitter: Double
    ) -> Duration? {
        guard failures < attempts else { return nil }
        let isTransient =
            switch error {
            case .status(let status, let operation):
                status.code == 429 || (!operation.isWrite && (status.code >= 500 || status.code == 408))
            case .transport(let failure, let operation):
                switch failure.kind {
                case .cancelled, .invalidURL, .tls, .tooLarge: false
                case .nameResolution, .connect, .timeout, .protocolViolation:
                    !(operation.isWrite && failure.mayHaveActed)
                }
            case .credentials: true
            case .decoding, .invalidRequest: false
            }
        guard isTransient else { return nil }
        let wait = backoff.delay(failures: failures, jitter: jitter, retryAfter: error.retryAfter)
        return elapsed + wait < deadline ? wait : nil
    }
}
