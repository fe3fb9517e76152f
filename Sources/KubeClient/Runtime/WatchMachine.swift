public import HTTP

/// How to keep a copy of a list: list it page by page, then watch from its version, and begin again where that breaks.
///
/// Pure: it is told what happened and says what to do next.
///
/// *Expected flow.* list → (list the next page)* → watch → watch from the last version → …
/// - A watch that ends in good order is opened again at once, from the last version seen.
/// - 410, as an answer or as an event, begins again with the list: at once the first time, with a wait after that.
/// - Any other failure keeps the version and waits, 0.8 s → 30 s, as client-go does.
/// - A watch that ends within a second counts as a failure, whatever it brought: a server that closes them all must not
///   be asked ten times a second.
/// - The waits begin anew once a watch has lived for 30 s.
public struct WatchMachine: Sendable, Equatable {
    /// What to do next.
    public enum Step: Sendable, Equatable {
        /// List a page; without a token the list begins anew, without a `limit` all come in one.
        case list(continueToken: String?, limit: Int?)
        /// Watch from this version, ended by the server after this time.
        case watch(resourceVersion: String, timeout: Duration)
        /// Wait, then ask again what to do.
        case wait(Duration)
    }

    /// How a list or a watch failed.
    public enum Failure: Sendable, Equatable {
        /// The version, or the list's next page, is too old.
        case expired
        /// Anything else, and how long the server asks to wait.
        case other(retryAfter: Duration?)

        /// Reads an error.
        public init(_ error: KubernetesError) {
            self = error.isGone ? .expired : .other(retryAfter: error.retryAfter)
        }
    }

    private enum Phase: Sendable, Equatable {
        case list(continueToken: String?, isPaged: Bool)
        case watch(resourceVersion: String)
    }

    private var phase = Phase.list(continueToken: nil, isPaged: true)
    private var pendingWait: Duration?
    /// How often in a row it failed.
    public private(set) var failures = 0

    private let pageSize: Int
    private let timeout: Duration
    private let backoff: Backoff
    private let healthyAfter = Duration.seconds(30)
    private let shortest = Duration.seconds(1)

    /// A machine at its beginning: pages of 500 objects, watches of 290 s (the API server's limit is 295 s unless set).
    public init(pageSize: Int = 500, timeout: Duration = .seconds(290), backoff: Backoff = .watch) {
        self.pageSize = pageSize
        self.timeout = timeout
        self.backoff = backoff
    }

    /// What to do now. Asking for a wait ends it: the next answer is what follows it.
    public mutating func next() -> Step {
        if let wait = pendingWait {
            pendingWait = nil
            return .wait(wait)
        }
        switch phase {
        case .list(let token, let isPaged): return .list(continueToken: token, limit: isPaged ? pageSize : nil)
        case .watch(let version): return .watch(resourceVersion: version, timeout: timeout)
        }
    }

    /// A page has come. Returns whether it was the last.
    public mutating func listed(resourceVersion: String, continueToken: String?, jitter: Double) -> Bool {
        if let continueToken {
            phase = .list(continueToken: continueToken, isPaged: true)
            return false
        }
        guard !resourceVersion.isEmpty else {
            // Nothing can be watched from here; whoever answers so is no API server at its best.
            listFailed(.other(retryAfter: nil), jitter: jitter)
            return false
        }
        phase = .watch(resourceVersion: resourceVersion)
        return true
    }

    /// A page could not be had. The list begins anew.
    public mutating func listFailed(_ failure: Failure, jitter: Double) {
        // The next page expired, so paging is too slow here: all in one, once.
        if failure == .expired, case .list(.some, _) = phase {
            phase = .list(continueToken: nil, isPaged: false)
        } else {
            phase = .list(continueToken: nil, isPaged: true)
        }
        wait(after: failure, jitter: jitter)
    }

    /// An event or a bookmark has come, of this version.
    public mutating func progressed(to resourceVersion: String) {
        if case .watch = phase, !resourceVersion.isEmpty { phase = .watch(resourceVersion: resourceVersion) }
    }

    /// The server has ended the watch in good order, after this time.
    public mutating func watchEnded(lived: Duration, jitter: Double) {
        if lived < shortest {
            wait(after: .other(retryAfter: nil), jitter: jitter)
        } else if lived >= healthyAfter {
            failures = 0
        }
    }

    /// The watch broke, or could not be opened.
    public mutating func watchFailed(_ failure: Failure, lived: Duration, jitter: Double) {
        if lived >= healthyAfter { failures = 0 }
        if failure == .expired { phase = .list(continueToken: nil, isPaged: true) }
        wait(after: failure, jitter: jitter)
    }

    private mutating func wait(after failure: Failure, jitter: Double) {
        failures += 1
        switch failure {
        case .expired: pendingWait = failures == 1 ? nil : backoff.delay(failures: failures - 1, jitter: jitter)
        case .other(let retryAfter):
            pendingWait = backoff.delay(failures: failures, jitter: jitter, retryAfter: retryAfter)
        }
    }
}
