/// What is known about a pod that waits or has ended, in words for people and as a choice for the decision.
struct Finding: Sendable, Equatable {
    /// The classes of failure; their names stand in messages, metrics and `docs/failures.md`.
    enum Class: String, Sendable, CaseIterable {
        case userError = "user error"
        case outOfMemory = "out of memory"
        case image = "image"
        case unschedulable = "unschedulable"
        case pendingTimeout = "pending too long"
        case configuration = "configuration"
        case evicted = "evicted"
        case preempted = "preempted"
        case nodeLost = "node lost"
        case deleted = "deleted"
        case deadline = "deadline"
        case startFailure = "start failure"
        case infrastructure = "infrastructure"
        case executor = "executor"
        case environment = "environment"
        case codeFetch = "code fetch"
    }

    /// Whose fault it is, and so whether another attempt makes sense.
    enum Blame: Sendable, Equatable {
        /// The task, its image or its template: another attempt ends the same way.
        case task
        /// The cluster: another attempt may succeed, while a budget lasts.
        case cluster
    }

    var kind: Class
    var what: String
    var evidence: String
    var remedy: String
    var blame: Blame

    /// `<class>: <what> — <evidence> — <what to do>`, empty parts left out.
    var message: String {
        ([kind.rawValue + ": " + what, evidence, remedy].filter { !$0.isEmpty }).joined(separator: " — ")
    }
}

/// What a pod that has not ended asks for.
enum Waiting: Sendable, Equatable {
    /// Nothing to worry about (yet); `note` says in words what it waits for, when that is worth saying.
    case patience(note: Finding?)
    /// It will not come right by itself: give up once it has looked like this for `after`.
    case giveUp(Finding, after: Duration)
}
