import HTTP

/// The one token of a client: got on demand, by one login at a time whoever asks, and again when it is old or refused.
actor Session {
    /// The longest that one login takes.
    static let loginLimit = Duration.seconds(4)

    private struct Held {
        var token: SessionToken
        var since: Duration
    }

    private let pace: Pace
    private let login: @Sendable () async -> Result<SessionToken, ClearMLError>
    private var held: Held?
    private var running: Task<Result<SessionToken, ClearMLError>, Never>?

    init(pace: Pace, login: @escaping @Sendable () async -> Result<SessionToken, ClearMLError>) {
        self.pace = pace
        self.login = login
    }

    /// The token to use now. A token that the server has `refused` is not given out again.
    func token(refused: SessionToken? = nil) async throws(ClearMLError) -> SessionToken {
        if let held, held.token.text != refused?.text, !isOld(held) { return held.token }
        return try await fresh()
    }

    /// A token from a login that ends after this call began.
    func fresh() async throws(ClearMLError) -> SessionToken {
        if let running { return try await running.value.get() }
        // A task of its own: the callers that join it must not lose it when the first one is cancelled.
        // It ends by itself: one exchange, limited to `loginLimit`.
        let task = Task { [login] in await login() }
        running = task
        let result = await task.value
        running = nil
        let token = try result.get()
        held = Held(token: token, since: pace.now())
        return token
    }

    /// A tenth of its life before the end: renewing early costs one call, renewing late a refused one.
    private func isOld(_ held: Held) -> Bool {
        guard let life = held.token.life else { return false }
        return pace.now() - held.since >= life * 0.9
    }
}
