import ClearMLClient
import Handoff
import JSON
import OS

/// Everything known about one task at one moment, from the server and the cluster: the input of `Decision`.
struct Situation: Sendable {
    /// The task on the server; `nil` when it is deleted.
    var task: TaskFacts?
    var taskID: String
    /// Whether the start token stands in the pending queue.
    var token: Bool
    /// The enqueues of this task that stand in watched queues now.
    var waiting: Set<Enqueue>
    /// Our Jobs of this task.
    var jobs: [JobFacts]
    /// The hash of this instance.
    var instance: String
    /// The id of the pending queue.
    var pendingQueue: String
    /// How long this very situation has been observed (by this process, monotonic).
    var observedFor: Duration
    /// What each pod that has not ended waits for, by pod uid.
    var waits: [String: Waited] = [:]
}

/// What a pod waits for, and for how long it has been seen to.
struct Waited: Sendable, Equatable {
    var finding: Finding
    /// Give up after this; `nil`: never.
    var limit: Duration?
    var elapsed: Duration
}

/// The task as the server has it.
struct TaskFacts: Sendable, Equatable {
    var status: TaskStatus
    /// `stop` was asked for, and waits for the executor.
    var isStopping: Bool
    var executionQueue: String?
    var claim: Claim?
    /// The enqueue that the claim belongs to.
    var enqueue: Enqueue?
    /// The attempt counted last; one more than the claim's while a retry is under way.
    var attempt: Int?
    var lostBeforeStart: Int
    var lostAfterStart: Int
    /// The pod that passed the start gate of this claim.
    var podUID: String?
    /// The phase its executor reached.
    var phase: Phase?
}

extension TaskFacts {
    /// The fields of a task that facts are read from: what a batched read asks for.
    static let fields = ["id", "status", "status_message", "execution.queue", "runtime"]

    init(_ task: TaskRecord) {
        let runtime = task.runtime
        status = task.status
        isStopping = task.status == .inProgress && task.statusMessage == "stopping"
        executionQueue = task.executionQueue
        claim = runtime[Handoff.Runtime.claim].flatMap { Claim($0) }
        if let queue = runtime[Handoff.Runtime.originQueue], let added = runtime[Handoff.Runtime.originAdded] {
            enqueue = Enqueue(queue: queue, added: added)
        }
        attempt = runtime[Handoff.Runtime.attempt].flatMap { Int($0) }
        lostBeforeStart = runtime[Handoff.Runtime.lostBeforeStart].flatMap { Int($0) } ?? 0
        lostAfterStart = runtime[Handoff.Runtime.lostAfterStart].flatMap { Int($0) } ?? 0
        podUID = claim?.unscoped(runtime[Handoff.Runtime.podUID])
        phase = claim?.unscoped(runtime[Handoff.Runtime.phase]).flatMap(Phase.init(rawValue:))
    }

    /// Whether the user's code may have run under the current claim.
    var mayHaveRun: Bool { phase == .run || phase == .report }
}

/// One Job of ours and its pods.
struct JobFacts: Sendable, Equatable {
    enum Condition: Sendable, Equatable {
        case none
        case complete
        case failed(reason: String, message: String)
    }

    var name: String
    var uid: String
    var resourceVersion: String
    var task: String
    var attempt: Int
    var enqueue: Enqueue
    var instance: String
    var claimState: Handoff.ClaimState
    var isDeleting: Bool
    /// Whether our finalizer still holds it.
    var isHeld: Bool
    var condition: Condition
    var parallelism: Int
    /// When its condition became what it is.
    var ended: Timestamp?
    var pods: [PodReading]

    /// The claim that names this Job.
    var claim: Claim { Claim(instance: instance, jobUID: uid, attempt: attempt) }
    var livePods: [PodReading] { pods.filter { !$0.isTerminal } }
    /// The Job controller will make no more pods.
    var isOver: Bool { condition != .none || isDeleting || parallelism == 0 }
}

extension JobFacts {
    /// Reads a `batch/v1` Job; `nil` for one that lacks our labels or annotations.
    init?(_ job: JSONValue, pods: [PodReading]) {
        let metadata = job["metadata"] ?? .null
        let labels = metadata["labels"] ?? .null
        let annotations = metadata["annotations"] ?? .null
        guard let name = metadata["name"]?.string, let uid = metadata["uid"]?.string,
            let task = labels[Handoff.Label.task]?.string, let instance = labels[Handoff.Label.instance]?.string,
            let attempt = labels[Handoff.Label.attempt]?.string.flatMap({ Int($0) }),
            let queue = annotations[Handoff.Annotation.originQueue]?.string,
            let added = annotations[Handoff.Annotation.originAdded]?.string,
            let state = annotations[Handoff.Annotation.claim]?.string.flatMap(Handoff.ClaimState.init(rawValue:))
        else { return nil }
        self.name = name
        self.uid = uid
        self.task = task
        self.instance = instance
        self.attempt = attempt
        self.pods = pods
        enqueue = Enqueue(queue: queue, added: added)
        claimState = state
        resourceVersion = metadata["resourceVersion"]?.string ?? ""
        isDeleting = metadata["deletionTimestamp"]?.string != nil
        isHeld = (metadata["finalizers"]?.array ?? []).contains(.string(Handoff.finalizer))
        parallelism = job.at("spec", "parallelism")?.int ?? 1
        condition = .none
        for entry in job.at("status", "conditions")?.array ?? [] where entry["status"]?.string == "True" {
            ended = entry["lastTransitionTime"]?.string.flatMap(Timestamp.init(iso:)) ?? ended
            switch entry["type"]?.string {
            case "Complete": condition = .complete
            case "Failed":
                condition = .failed(
                    reason: entry["reason"]?.string ?? "", message: entry["message"]?.string ?? "")
            default: continue
            }
        }
    }
}
