public import HTTP

/// Why a call to the ClearML server did not succeed. Carries no secret.
public enum ClearMLError: Error, Sendable, Equatable {
    /// The server, or something in front of it, refused.
    case api(code: Int, subcode: Int, message: String, action: String)
    /// No answer came.
    case transport(HTTPError, action: String)
    /// An answer came, but not one that this client understands.
    case decoding(action: String, reason: String)
    /// The server's API is older than this client needs.
    case tooOld(server: ServerVersion, needed: APIVersion)
    /// The call was not made: what it was to carry can never be sent.
    case unsendable(action: String, reason: String)
}

extension ClearMLError {
    /// Whether the same call would fail in the same way later: somebody must change something first.
    public var isPermanent: Bool {
        switch self {
        // 400/121: the status changed between the server's read and its write; the next call meets the new one.
        case .api(400, 121, _, _): false
        case .api(let code, _, _, _): (300..<500).contains(code) && code != 408 && code != 429
        case .transport(let error, _): [.invalidURL, .tls, .tooLarge].contains(error.kind)
        case .decoding: false
        case .tooOld, .unsendable: true
        }
    }

    /// Whether the server may have done what was asked, although no success was reported.
    /// After a write that failed with `true`: read before doing it again.
    public var mayHaveActed: Bool {
        switch self {
        // A login changes nothing, and what was to come after it was not sent.
        case .api(_, _, _, "auth.login"), .transport(_, "auth.login"), .decoding("auth.login", _): false
        case .api(let code, _, _, _): code >= 500
        case .transport(let error, _): error.mayHaveActed
        case .decoding: true
        case .tooOld, .unsendable: false
        }
    }

    /// Whether the server answered with this subcode of HTTP 400.
    public func isRefusal(_ refusal: Refusal) -> Bool {
        if case .api(400, let subcode, _, _) = self { subcode == refusal.rawValue } else { false }
    }

    /// The refusals (subcodes of 400) that callers tell apart.
    public enum Refusal: Int, Sendable {
        case invalidTaskID = 101
        case invalidTaskStatus = 110
        case lostTheRace = 121
        case eventsNotAdded = 131
        case invalidQueueID = 701
        case notInQueue = 703
        case alreadyQueued = 706
        case duplicate = 801
    }

    /// Whether the credentials were refused.
    public var isUnauthorized: Bool {
        if case .api(401, _, _, _) = self { true } else { false }
    }
}

extension ClearMLError: CustomStringConvertible {
    /// `tasks.enqueue: 400/706: task already queued`, and what to do where that is known.
    public var description: String {
        switch self {
        case .api(let code, let subcode, let message, let action):
            "\(action): \(code)/\(subcode): \(message)" + (hint.map { " — \($0)" } ?? "")
        case .transport(let error, let action): "\(action): \(error.message)"
        case .decoding(let action, let reason): "\(action): unexpected answer: \(reason)"
        case .tooOld(let server, let needed):
            "the ClearML server is too old: \(server); API \(needed) is needed — upgrade the server"
        case .unsendable(let action, let reason): "\(action): not sent: \(reason)"
        }
    }

    private var hint: String? {
        switch self {
        case .api(401, 22, _, _):
            "check CLEARML_API_ACCESS_KEY and CLEARML_API_SECRET_KEY: the server does not know them"
        case .api(404, _, _, _): "check that the API host is the API server (port 8008), not the web server"
        default: nil
        }
    }
}
