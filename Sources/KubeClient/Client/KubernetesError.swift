public import HTTP

/// Why a call to the API server gave no result. Its description names verb, resource, object and cause.
public enum KubernetesError: Error, Sendable, Equatable {
    /// The server answered, with a refusal.
    case status(Status, ResourceOperation)
    /// No answer came.
    case transport(HTTPError, ResourceOperation)
    /// The answer is not what the API promises.
    case decoding(String, ResourceOperation)
    /// The call was not sent: it names no object.
    case invalidRequest(String, ResourceOperation)
    /// The call was not sent: the credentials cannot be read.
    case credentials(String, ResourceOperation)

    /// What was asked.
    public var operation: ResourceOperation {
        switch self {
        case .status(_, let operation), .transport(_, let operation), .decoding(_, let operation),
            .invalidRequest(_, let operation), .credentials(_, let operation):
            operation
        }
    }

    /// The server's refusal, if it gave one.
    public var status: Status? { if case .status(let status, _) = self { status } else { nil } }

    /// 404: no such object (or, for a create, no such namespace).
    public var isNotFound: Bool { status?.code == 404 }
    /// 409 because the object is not in the state that was expected.
    public var isConflict: Bool { status?.code == 409 && !isAlreadyExists }
    /// 409 because an object of this name is there.
    public var isAlreadyExists: Bool { status?.code == 409 && status?.reason == "AlreadyExists" }
    /// 410: the version asked for is too old.
    public var isGone: Bool { status?.code == 410 || status?.reason == "Expired" }
    /// 403.
    public var isForbidden: Bool { status?.code == 403 }
    /// 401.
    public var isUnauthorized: Bool { status?.code == 401 }
    /// 422: the object breaks a rule; the causes name the fields.
    public var isInvalid: Bool { status?.code == 422 }
    /// The caller gave up.
    public var isCancelled: Bool { if case .transport(let error, _) = self { error.kind == .cancelled } else { false } }

    /// Whether the same call cannot succeed until somebody changes something.
    public var isPermanent: Bool {
        switch self {
        case .status(let status, _): (400..<500).contains(status.code) && status.code != 408 && status.code != 429
        case .transport(let error, _): [.invalidURL, .tls, .tooLarge].contains(error.kind)
        case .decoding, .invalidRequest: true
        case .credentials: false
        }
    }

    /// Whether the server may have done what was asked: read before asking again.
    public var mayHaveActed: Bool {
        guard operation.isWrite else { return false }
        switch self {
        case .status(let status, _): return status.code >= 500
        case .transport(let error, _): return error.mayHaveActed
        case .decoding: return true
        case .invalidRequest, .credentials: return false
        }
    }

    /// How long the server asks to wait.
    public var retryAfter: Duration? { status?.retryAfter }
}

extension KubernetesError: CustomStringConvertible {
    /// ``cannot create jobs.batch `ns/x`: 422 Invalid: … ``, with a hint on a new line where there is one.
    public var description: String {
        "cannot \(operation): \(cause)" + (hint.map { "\nhint: \($0)" } ?? "")
    }

    private var cause: String {
        switch self {
        case .status(let status, _):
            // The server's own message of an invalid object repeats its causes; one that does not gets them here.
            let unsaid = status.causes.filter { !status.message.contains($0.message) }
            let fields = unsaid.map { $0.field.isEmpty ? $0.message : "`\($0.field)`: \($0.message)" }
            return ([status.description] + fields).joined(separator: "; ")
        case .transport(let error, _): return error.message
        case .decoding(let what, _), .invalidRequest(let what, _), .credentials(let what, _): return what
        }
    }

    /// What to do, where that is known.
    public var hint: String? {
        guard let status else { return nil }
        switch status.code {
        case 401: return "the API server does not accept these credentials; check the kubeconfig's user or the token"
        case 403:
            // Quotas and admission refuse with 403 too; only RBAC says "cannot".
            guard status.message.contains("cannot \(operation.verb)") else { return nil }
            let user = Self.user(in: status.message) ?? "this user"
            let place = operation.namespace.map { "in namespace `\($0)`" } ?? "in the whole cluster"
            return "allow verb `\(operation.verb)` on `\(operation.target)` \(place) to `\(user)`"
        default: return nil
        }
    }

    /// Whom an RBAC refusal is about: `… is forbidden: User "system:anonymous" cannot list …`.
    private static func user(in message: String) -> String? {
        guard let start = message.firstRange(of: "User \"") else { return nil }
        return String(message[start.upperBound...].prefix { $0 != "\"" })
    }
}
