import ClearMLClient
import Handoff

/// What an executor must know of a task to tell whether it is its own.
struct TaskView: Sendable, Equatable {
    /// Its status.
    var status: TaskStatus
    /// Whose it is; `nil` when nobody has claimed it.
    var claim: Claim?
    /// The pod that passed the gate under that claim.
    var podUID: String?
    /// Whether somebody has asked for an abort.
    var isAbortRequested: Bool

    /// The fields to ask the server for.
    static let fields = ["status", "status_message", "runtime"]

    init(status: TaskStatus, claim: Claim?, podUID: String? = nil, isAbortRequested: Bool = false) {
        self.status = status
        self.claim = claim
        self.podUID = podUID
        self.isAbortRequested = isAbortRequested
    }

    init(_ record: TaskRecord) {
        let runtime = record.runtime
        claim = runtime[Handoff.Runtime.claim].flatMap(Claim.init)
        podUID = claim?.unscoped(runtime[Handoff.Runtime.podUID])
        status = record.status
        // The SDK and people write around the word; the stock agent looks for it the same way.
        isAbortRequested = record.statusMessage.lowercased().contains("stopping")
    }
}

extension ClearMLServer {
    /// How the task stands; `nil` when there is none of that id.
    func view(of task: String) async throws(ClearMLError) -> TaskView? {
        try await tasks(ids: [task], fields: TaskView.fields).first.map(TaskView.init)
    }
}
