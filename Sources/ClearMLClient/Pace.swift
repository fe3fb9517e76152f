/// Where a client takes its time and its chance from; tests bring their own.
public struct Pace: Sendable {
    /// A clock that never goes back, from any origin.
    public let now: @Sendable () -> Duration
    /// Waits that long, or throws when its task is cancelled.
    public let sleep: @Sendable (Duration) async throws -> Void
    /// A fresh number from 0 to 1.
    public let jitter: @Sendable () -> Double

    /// A pace with the given parts.
    public init(
        now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) async throws -> Void,
        jitter: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.sleep = sleep
        self.jitter = jitter
    }

    /// The machine's.
    public static let machine: Pace = {
        let clock = ContinuousClock()
        let origin = clock.now
        return Pace(
            now: { origin.duration(to: clock.now) }, sleep: { try await clock.sleep(for: $0) },
            jitter: { .random(in: 0...1) })
    }()
}
