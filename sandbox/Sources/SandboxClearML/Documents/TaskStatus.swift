/// The states of a task, and which may follow which without `force`.
enum TaskStatus: String, CaseIterable, Sendable {
    case created
    case queued
    case inProgress = "in_progress"
    case stopped
    case publishing
    case published
    case closed
    case failed
    case completed
    case unknown

    /// The states that may come next; `nil` for a state the server's table does not have.
    var successors: Set<TaskStatus>? {
        switch self {
        case .created: [.queued, .inProgress]
        case .queued: [.created, .inProgress, .stopped]
        case .inProgress: [.stopped, .failed, .created, .completed]
        case .stopped: [.closed, .created, .failed, .queued, .inProgress, .published, .publishing, .completed]
        case .closed: [.created, .failed, .published, .publishing, .stopped]
        case .failed: [.created, .stopped, .published, .queued]
        case .publishing: [.published]
        case .published: []
        case .completed: [.published, .inProgress, .created]
        case .unknown: nil
        }
    }
}
