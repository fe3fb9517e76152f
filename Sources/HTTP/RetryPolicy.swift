/// Which outcomes are worth another try, and how long all of it may take. Pure.
public struct RetryPolicy: Sendable {
    /// Tries in all, the first included.
    public var attempts: Int
    /// The waits between them.
    public var backoff: Backoff
    /// The longest sum of waits; who would have to wait longer gets the last outcome instead.
    public var patience: Duration

    /// Unless stated: 5 tries, waiting 0.2 s to 10 s between them and 30 s in all.
    public init(attempts: Int = 5, backoff: Backoff = .call, patience: Duration = .seconds(30)) {
        self.attempts = attempts
        self.backoff = backoff
        self.patience = patience
    }

    /// What one try led to.
    public enum Outcome: Sendable {
        /// A response with this status and these fields.
        case response(status: Int, headers: HTTPHeaders)
        /// No response.
        case failure(HTTPError)
    }

    /// Whether the same request may be sent again after `outcome`. The rule that stands above all: a request that
    /// changes something, and that the server may have acted upon, is never repeated.
    public func isWorthAnotherTry(_ method: HTTPRequest.Method, after outcome: Outcome) -> Bool {
        let isReading = method == .get || method == .head
        switch outcome {
        case .failure(let error):
            switch error.kind {
            case .nameResolution, .connect, .timeout, .protocolViolation: return isReading || !error.mayHaveActed
            // These do not heal by waiting a little, or were asked for.
            case .invalidURL, .tls, .tooLarge, .cancelled: return false
            }
        case .response(let status, let headers):
            switch status {
            // The server refused to begin.
            case 429: return true
            // With `Retry-After` the server itself speaks; without, it may be a proxy whose upstream has acted.
            case 503: return isReading || headers["Retry-After"] != nil
            case 504: return isReading
            default: return false
            }
        }
    }

    /// The wait before the next try; `nil` when there should be none.
    ///
    /// - Parameters:
    ///   - failures: tries so far, all of which failed.
    ///   - waited: the waits so far.
    public func wait(
        _ method: HTTPRequest.Method, after outcome: Outcome, failures: Int, waited: Duration, jitter: Double
    ) -> Duration? {
        guard failures < attempts, isWorthAnotherTry(method, after: outcome) else { return nil }
        var asked: Duration?
        if case .response(_, let headers) = outcome { asked = headers.retryAfter }
        let wait = backoff.delay(failures: failures, jitter: jitter, retryAfter: asked)
        return waited + wait <= patience ? wait : nil
    }
}
