import ClearMLClient
import Handoff
import JSON
import KubeClient
import Logging
import OS

/// The writing half of a claim: from a held Job to a released one. Used by the intake, by recovery and by retries.
struct ClaimWriter: Sendable {
    let server: ClearMLServer
    let jobs: JobWriter
    let console: TaskConsole
    let pendingQueue: String
    let place: Place
    let logger: Logger
    /// Renders the held Job of one attempt; `nil` when its queue is no longer configured.
    let render: @Sendable (TaskRecord, Enqueue, Int) throws -> JSONValue?

    /// Where tasks run, for people.
    struct Place: Sendable {
        var cluster: String
        var namespace: String
    }

    /// After the pop: claim into the runtime, token into the pending queue, Job let go. In this order a crash leaves
    /// either no claim (recovery finishes it from the held Job), or a claim without a token (recovery adds it), or all.
    func finish(_ job: JobFacts, deadline: Deadline) async throws {
        try deadline.check("read the task")
        guard let record = try await server.task(job.task) else { return }
        let facts = TaskFacts(record)
        guard facts.status == .queued else {
            logger.info("the task is no longer queued", metadata: ["task": "\(job.task)", "status": "\(facts.status)"])
            return
        }
        if facts.claim != job.claim {
            try deadline.check("write the claim")
            try await server.editRuntime(
                task: job.task, set: runtime(job, record, facts), remove: [Handoff.Runtime.returned])
        }
        try deadline.check("put the token into the pending queue")
        _ = try await server.addToQueue(pendingQueue, task: job.task, updateExecutionQueue: true)
        try deadline.check("let the Job start")
        try await jobs.release(job)
    }

    /// What came of the next attempt's claim.
    enum NextAttempt: Sendable {
        case claimed
        /// A Job of that name is there and not ours.
        case taken(String)
        /// The task can no longer be rendered, or the API server refuses its Job for good.
        case refused(String)
        /// There is no place for it any more: its queue is not configured, or the namespace is being deleted.
        case noPlace(String)
    }

    /// The next attempt of the same claim: a Job held, the claim turned to it, the Job let go.
    func claimNextAttempt(
        of record: TaskRecord, after old: JobFacts, attempt: Int, deadline: Deadline
    ) async throws -> NextAttempt {
        let creation: JobWriter.Creation
        do {
            guard let rendered = try render(record, old.enqueue, attempt) else {
                return .noPlace("its queue is no longer configured")
            }
            try deadline.check("create the next Job")
            creation = try await jobs.createHeld(rendered, claim: (record.id, attempt, old.enqueue))
        } catch let problems as RenderProblems {
            return .refused("\(problems)")
        } catch let error as KubernetesError where error.isInvalid || error.status?.code == 400 {
            return .refused("\(error)")
        } catch let error as KubernetesError where error.isForbidden && "\(error)".contains("being terminated") {
            return .noPlace("the namespace is being deleted")
        }
        switch creation {
        case .foreign(let why): return .taken(why)
        case .ours(let next, let warnings):
            for warning in warnings { console.say("Kubernetes warns: \(warning)", task: record.id, level: "WARNING") }
            try await finish(next, deadline: deadline)
            return .claimed
        }
    }

    /// What a claim sets. A fresh enqueue starts with fresh budgets; one that recovery put back keeps them.
    private func runtime(_ job: JobFacts, _ record: TaskRecord, _ facts: TaskFacts) -> [String: String] {
        var set = [
            Handoff.Runtime.claim: job.claim.description, Handoff.Runtime.originQueue: job.enqueue.queue,
            Handoff.Runtime.originAdded: job.enqueue.added, Handoff.Runtime.attempt: "\(job.attempt)",
            Handoff.Runtime.jobName: job.name, Handoff.Runtime.namespace: place.namespace,
            Handoff.Runtime.cluster: place.cluster,
        ]
        if facts.enqueue != job.enqueue, record.runtime[Handoff.Runtime.returned] == nil {
            set[Handoff.Runtime.lostBeforeStart] = "0"
            set[Handoff.Runtime.lostAfterStart] = "0"
        }
        return set
    }
}
