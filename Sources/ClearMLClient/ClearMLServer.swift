public import HTTP
public import JSON
public import Logging

/// A ClearML API server, as one set of credentials sees it.
///
/// Guarantees: one token for all callers; every call ends within its limit; reads are repeated while that may help;
/// a write is repeated only when it certainly was not carried out.
public struct ClearMLServer: Sendable {
    /// Where it is and who we are.
    public let configuration: ClearMLConfiguration
    let transport: any HTTPTransport
    let logger: Logger
    let pace: Pace
    let backoff: Backoff
    let session: Session

    /// A server reached through `transport`; nothing is sent yet.
    public init(
        configuration: ClearMLConfiguration, transport: any HTTPTransport, logger: Logger, pace: Pace = .machine,
        backoff: Backoff = .call
    ) {
        self.configuration = configuration
        self.transport = transport
        self.logger = logger
        self.pace = pace
        self.backoff = backoff
        session = Session(pace: pace) { [wire = Wire(configuration: configuration, transport: transport)] in
            await wire.login()
        }
        if configuration.tls.trust == .insecureAnyCertificate {
            logger.warning("certificate of the ClearML server is NOT checked: anybody on the way can read the keys")
        }
    }

    /// Logs in anew and says what the server is.
    /// - Throws: `ClearMLError.tooOld` when its API is older than `APIVersion.needed`.
    public func login() async throws(ClearMLError) -> ServerVersion {
        let deadline = pace.now() + configuration.callLimit
        let token = try await repeating("auth.login", .read, until: deadline) {
            (_: Duration) throws(ClearMLError) in try await session.fresh()
        }
        guard let version = token.version else {
            throw .decoding(action: "auth.login", reason: "the token does not name an API version")
        }
        if version.api < APIVersion.needed { throw .tooOld(server: version, needed: .needed) }
        return version
    }

    /// What happens on the server when a call is repeated.
    public enum Effect: Sendable {
        /// Nothing changes there.
        case read
        /// The second time changes nothing more.
        case idempotent
        /// It counts each time.
        case write
    }

    /// Calls `action` with `body` and returns the answer's `data`.
    ///
    /// - Parameters:
    ///   - effect: what a repetition does; by default a read for `get…`, `peek…` and `ping`, else a write.
    ///   - limit: the most the call takes, below `configuration.callLimit`.
    public func call(
        _ action: String, _ body: JSONValue = [:], effect: Effect? = nil, limit: Duration? = nil
    ) async throws(ClearMLError) -> JSONValue {
        try await send(action, .json(body), effect: effect ?? Effect(of: action), limit: limit)
    }

    func send(
        _ action: String, _ body: Wire.Body, effect: Effect, limit: Duration? = nil
    ) async throws(ClearMLError) -> JSONValue {
        let wire = Wire(configuration: configuration, transport: transport)
        let whole = min(limit ?? configuration.callLimit, configuration.callLimit)
        let deadline = pace.now() + whole
        return try await repeating(action, effect, until: deadline) { (left: Duration) throws(ClearMLError) in
            // A read leaves time for a second try when the first hangs; a write has no second try then.
            let share = effect == .write ? left : min(left, whole / 2)
            var token = try await session.token()
            do throws(ClearMLError) {
                return try await wire.call(action, body, token: token, within: share)
            } catch {
                guard error.isUnauthorized else { throw error }
                // Refused before it was looked at, so nothing was done. The key itself may still be good.
                token = try await session.token(refused: token)
                let rest = deadline - pace.now()
                if rest <= .zero { throw error }
                return try await wire.call(action, body, token: token, within: min(rest, share))
            }
        }
    }

    private static let mostTries = 8

    /// The one loop that repeats: until success, an error that will not go away, the last try, or the deadline.
    private func repeating<Answer: Sendable>(
        _ action: String, _ effect: Effect, until deadline: Duration,
        _ attempt: (Duration) async throws(ClearMLError) -> Answer
    ) async throws(ClearMLError) -> Answer {
        var failures = 0
        while true {
            let failure: ClearMLError
            do throws(ClearMLError) { return try await attempt(deadline - pace.now()) } catch { failure = error }
            failures += 1
            let isRepeatable = failure.isTransient && (effect != .write || !failure.mayHaveActed)
            let delay = backoff.delay(failures: failures, jitter: pace.jitter())
            guard isRepeatable, failures < Self.mostTries, pace.now() + delay < deadline else { throw failure }
            logger.debug(
                "call failed, trying again",
                metadata: ["action": "\(action)", "error": "\(failure)", "tries": "\(failures)", "delay": "\(delay)"])
            do { try await pace.sleep(delay) } catch { throw failure }
        }
    }
}

extension ClearMLServer.Effect {
    /// By the action's name: `tasks.get_all` reads, `tasks.enqueue` writes.
    init(of action: String) {
        let verb = action.split(separator: ".").last ?? ""
        let reads = verb.hasPrefix("get_") && verb != "get_next_task" || verb.hasPrefix("peek_") || verb == "ping"
        self = reads || verb == "info" ? .read : .write
    }
}

extension ClearMLError {
    /// Whether the next moment may bring a better answer. A lost race (400/121) is for the caller to look into.
    var isTransient: Bool {
        switch self {
        case .api(let code, _, _, _): code >= 500 || code == 429 || code == 408
        case .transport(let error, _): ![.invalidURL, .tls, .tooLarge, .cancelled].contains(error.kind)
        case .decoding, .tooOld, .unsendable: false
        }
    }
}
