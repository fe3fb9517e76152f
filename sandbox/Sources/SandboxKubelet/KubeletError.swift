/// Why the kubelet could not do something with the API or the machine.
public enum KubeletError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The API answered with a failure.
    case refused(status: Int, reason: String, message: String)
    /// The API did not answer, or not with JSON.
    case unreachable(String)
    /// The machine lacks something without which no pod can run.
    case machine(String)

    /// What failed and why.
    public var description: String {
        switch self {
        case .refused(let status, let reason, let message): "the API refused with \(status) \(reason): \(message)"
        case .unreachable(let why): "the API did not answer: \(why)"
        case .machine(let why): why
        }
    }

    var isNotFound: Bool { if case .refused(404, _, _) = self { true } else { false } }
    var isConflict: Bool { if case .refused(409, _, _) = self { true } else { false } }
}

/// A container that cannot be made as its pod describes it.
struct ContainerProblem: Error, Sendable, Equatable {
    let reason: String
    let message: String
}
