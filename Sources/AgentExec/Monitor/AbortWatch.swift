import ClearMLClient
import Handoff

/// What a look at the task means for the executor that runs it.
enum TaskStanding: Sendable, Equatable {
    /// Ours: go on.
    case ours
    /// Ours, and somebody asks for an abort.
    case abortRequested
    /// The user's own code has finished it; go on, and write nothing.
    case finished(TaskStatus)
    /// Not ours any more.
    case taken(TaskStatus?, String)

    /// Reads `view` as the executor of `claim` in the pod `podUID`; `nil` is a task that does not exist.
    init(_ view: TaskView?, claim: Claim, podUID: String) {
        guard let view else {
            self = .taken(nil, "the task was deleted")
            return
        }
        guard view.claim == claim else {
            let holder = view.claim.map { "is claimed by \($0)" } ?? "was reset"
            self = .taken(view.status, "the task \(holder)")
            return
        }
        if let pod = view.podUID, pod != podUID {
            self = .taken(view.status, "the task runs in the pod \(pod)")
            return
        }
        switch view.status {
        case .inProgress: self = view.isAbortRequested ? .abortRequested : .ours
        // `mark_completed` or `close` in the middle of the code: what follows may still matter to its author.
        case .completed, .closed, .publishing, .published: self = .finished(view.status)
        case .stopped, .failed, .created, .queued, .unknown:
            self = .taken(view.status, "the task became \(view.status.rawValue)")
        }
    }
}

/// Looks at the task every few seconds and raises the stop signal when it must end.
struct AbortWatch: Sendable {
    let configuration: ExecutorConfiguration
    let server: ClearMLServer
    let stop: StopSignal
    let pace: Pace

    /// Looks until the signal is raised or the task cancelled. A server that does not answer
    /// changes nothing, unless there is a fence.
    func run() async {
        var unclaimedLooks = 0
        var lastSeen = pace.now()
        while stop.cause == nil {
            do { try await pace.sleep(configuration.pollInterval) } catch { return }
            let view: TaskView?
            do throws(ClearMLError) { view = try await server.view(of: configuration.taskID) } catch {
                if let fence = configuration.fence, pace.now() - lastSeen >= fence { stop.raise(.unreachable(fence)) }
                continue
            }
            lastSeen = pace.now()
            switch TaskStanding(view, claim: configuration.claim, podUID: configuration.podUID) {
            case .ours, .finished: unclaimedLooks = 0
            case .abortRequested: stop.raise(.abort)
            case .taken(let status, let reason):
                // The SDK writes the whole runtime back after reading it: a claim gone from a running task may return.
                if view?.claim == nil, status == .inProgress {
                    unclaimedLooks += 1
                    if unclaimedLooks < 2 { continue }
                }
                stop.raise(.taken(status, reason))
            }
        }
    }
}
