import ClearMLClient
import Handoff
import JSON
import KubeClient
import Logging
import OS

/// From the queues to held Jobs to claims: the Job first, the pop second, the token third.
struct Intake: Sendable {
    let server: ClearMLServer
    let jobs: JobWriter
    let claims: ClaimWriter
    let console: TaskConsole
    let inFlight: InFlight
    let queues: [WatchedQueue]
    let logger: Logger
    let claimLimit: Duration
    /// Renders the held Job of an attempt for a task out of a queue.
    let render: @Sendable (TaskRecord, WatchedQueue, Enqueue, Int) throws(RenderProblems) -> Rendered

    /// The most entries of a queue read at one time, and the most claims begun in one turn.
    static let window = 64
    /// The most claims under way at one time.
    static let width = 8

    /// What came of one turn.
    struct Turn: Sendable {
        var claimed = 0
        var waiting = 0
    }

    /// Looks at all queues once and claims what may start. `present` are our Jobs in the cluster.
    func turn(present: [JobFacts]) async throws -> Turn {
        let records = try await server.queues(ids: queues.map(\.id), maxEntries: Self.window)
        let entries = Dictionary(records.map { ($0.id, $0.entries) }) { first, _ in first }
        let (candidates, skipped) = Candidates.choose(
            queues: queues, entries: entries, jobs: present, isBusy: inFlight.contains, window: Self.window)
        for skip in skipped {
            logger.debug(
                "entry waits", metadata: ["task": "\(skip.task)", "queue": "\(skip.queue)", "why": "\(skip.why)"])
        }
        var turn = Turn(claimed: 0, waiting: records.reduce(0) { $0 + $1.entries.count })
        guard !candidates.isEmpty else { return turn }
        let tasks = try await server.tasks(ids: candidates.map(\.task))
        let byID = Dictionary(tasks.map { ($0.id, $0) }) { first, _ in first }
        turn.claimed = await withTaskGroup(of: Bool.self) { group in
            var claimed = 0
            for (started, candidate) in candidates.enumerated() {
                if started >= Self.width, await group.next() == true { claimed += 1 }
                group.addTask { await claim(candidate, byID[candidate.task]) }
            }
            for await success in group where success { claimed += 1 }
            return claimed
        }
        return turn
    }

    private func claim(_ candidate: Candidate, _ record: TaskRecord?) async -> Bool {
        guard inFlight.enter(candidate.task) else { return false }
        defer { inFlight.leave(candidate.task) }
        var log = logger
        log[metadataKey: "task"] = "\(candidate.task)"
        log[metadataKey: "queue"] = "\(candidate.queue.name)"
        do {
            guard let record else {
                log.info("entry of a deleted task removed")
                _ = try await server.removeFromQueue(candidate.queue.id, task: candidate.task)
                return false
            }
            guard record.status == .queued else {
                if record.status.isFinal {
                    log.info("entry of a task that is \(record.status.rawValue) removed")
                    _ = try await server.removeFromQueue(candidate.queue.id, task: candidate.task)
                } else {
                    log.debug("entry of a task that is \(record.status.rawValue): left alone")
                }
                return false
            }
            return try await claim(candidate, record, log)
        } catch {
            log.warning("claim not finished", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func claim(_ candidate: Candidate, _ record: TaskRecord, _ log: Logger) async throws -> Bool {
        let facts = TaskFacts(record)
        let attempt = record.runtime[Handoff.Runtime.returned] != nil ? (facts.attempt ?? 1) : 1
        let rendered: Rendered
        do throws(RenderProblems) {
            rendered = try render(record, candidate.queue, candidate.enqueue, attempt)
        } catch {
            try await refuse(candidate, "\(error)", log)
            return false
        }
        let deadline = Deadline(claimLimit)
        let creation: JobWriter.Creation
        do {
            creation = try await jobs.createHeld(rendered.job, claim: (record.id, attempt, candidate.enqueue))
        } catch let error as KubernetesError where error.isInvalid || error.status?.code == 400 {
            try await refuse(candidate, "\(error)", log)
            return false
        }
        switch creation {
        case .foreign(let why):
            log.warning("cannot claim", metadata: ["why": "\(why)"])
            return false
        case .ours(let job, let warnings):
            log.debug("Job held", metadata: ["job": "\(job.name)"])
            try deadline.check("pop the task")
            guard try await server.removeFromQueue(candidate.queue.id, task: candidate.task) else {
                try await lost(job, log)
                return false
            }
            // From here the time runs: whoever finds the Job held may finish the claim after `orphanAfter`.
            try await claims.finish(job, deadline: Deadline(claimLimit))
            for warning in rendered.warnings + warnings { console.say(warning, task: record.id, level: "WARNING") }
            console.say(
                "claimed from queue `\(candidate.queue.name)`, Job \(job.name), attempt \(attempt)", task: record.id)
            log.info("claimed", metadata: ["job": "\(job.name)", "attempt": "\(attempt)"])
            return true
        }
    }

    /// Somebody else popped it. The Job goes only if that somebody has signed for this very enqueue; else recovery looks.
    private func lost(_ job: JobFacts, _ log: Logger) async throws {
        log.info("somebody else took the task", metadata: ["job": "\(job.name)"])
        guard let record = try await server.task(job.task) else { return try await jobs.deleteHeld(job) }
        let facts = TaskFacts(record)
        if let claim = facts.claim, claim != job.claim, facts.enqueue == job.enqueue { try await jobs.deleteHeld(job) }
    }

    /// The task can never become a Job as it is: it fails, and only then leaves the queue, so that a crash in between
    /// leaves a failed task's entry (removed at the next look), never a task in no queue.
    private func refuse(_ candidate: Candidate, _ why: String, _ log: Logger) async throws {
        let finding = Finding(
            kind: .configuration, what: why, evidence: "queue \(candidate.queue.name)",
            remedy: "correct the task or the queue's template, and enqueue it again", blame: .task)
        log.warning("task refused", metadata: ["why": "\(why)"])
        console.say(finding.message, task: candidate.task, level: "ERROR")
        try await server.failed(
            task: candidate.task, reason: finding.kind.rawValue, message: finding.message, force: true)
        _ = try await server.removeFromQueue(candidate.queue.id, task: candidate.task)
    }
}
