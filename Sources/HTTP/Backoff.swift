/// How long to wait before the n-th try. Pure: the caller brings the randomness and does the waiting.
public struct Backoff: Sendable, Equatable {
    /// The first wait.
    public var base: Duration
    /// The longest.
    public var limit: Duration
    /// How each wait grows out of the one before.
    public var factor: Double

    /// Waits `base`, `base × factor`, … up to `limit`.
    public init(base: Duration, limit: Duration, factor: Double = 2) {
        self.base = base
        self.limit = limit
        self.factor = factor
    }

    /// client-go's for list and watch: 0.8 s → 30 s (k8s.io/client-go/tools/cache/reflector.go).
    public static let watch = Backoff(base: .milliseconds(800), limit: .seconds(30))
    /// For calls: 0.2 s → 10 s.
    public static let call = Backoff(base: .milliseconds(200), limit: .seconds(10))

    /// The wait after `failures` failures (≥ 1), between half and all of the full wait as `jitter` (0…1) says.
    /// `retryAfter`, what the server asked for, is never undercut.
    public func delay(failures: Int, jitter: Double, retryAfter: Duration? = nil) -> Duration {
        var full = base
        for _ in 1..<max(1, min(failures, 64)) {
            full = full * factor
            if full >= limit { break }
        }
        full = min(full, limit)
        let own = full * (0.5 + 0.5 * min(max(jitter, 0), 1))
        return max(own, retryAfter ?? .zero)
    }
}
