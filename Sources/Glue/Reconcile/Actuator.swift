import ClearMLClient
import Handoff
import Logging

/// Carries out what `Decision` says, one task at a time. Every step states what it expects to replace; one that finds
/// something else, or comes too late, is not taken.
struct Actuator: Sendable {
    let server: ClearMLServer
    let jobs: JobWriter
    let claims: ClaimWriter
    let console: TaskConsole
    let pendingQueue: String
    let logger: Logger
    let stepLimit: Duration

    /// Performs `action` for the task in `situation`, as it was observed at most `stepLimit` before `deadline`.
    func perform(_ action: TaskAction, _ situation: Situation, _ deadline: Deadline) async throws {
        let task = situation.taskID
        switch action {
        case .dropHeld(let job, let why):
            try deadline.check("drop the held Job")
            logger.info("dropping a held Job", metadata: ["task": "\(task)", "job": "\(job.name)", "why": "\(why)"])
            try await jobs.deleteHeld(job)
        case .finishClaim(let job):
            // The view may lag behind a Job that has been let go: its executor may have taken the token, and one added now
            // would be a second.
            guard try await jobs.isHeldNow(job) else { return }
            logger.info("finishing a claim", metadata: ["task": "\(task)", "job": "\(job.name)"])
            try await claims.finish(job, deadline: deadline)
        case .withdraw(let job, let why):
            try deadline.check("withdraw the Job")
            logger.info("withdrawing a Job", metadata: ["task": "\(task)", "job": "\(job.name)", "why": "\(why)"])
            try await jobs.delete(job)
        case .letGo(let job):
            try deadline.check("let the Job go")
            try await jobs.letGo(job)
            logger.info("Job let go", metadata: ["task": "\(task)", "job": "\(job.name)"])
        case .failBeforeEntry(let job, let finding): try await failBeforeEntry(job, finding, situation, deadline)
        case .report(let job, let ending): try await report(job.name, ending, situation, deadline)
        case .retry(let job, let finding, let budget): try await retry(job, finding, budget, situation, deadline)
        case .putBack: try await putBack(situation, deadline)
        case .reportVanished(let job):
            // The view may lag behind a pod that has just entered: the API server itself decides. And a pod whose end
            // nobody saw may still run somewhere: no second attempt on that.
            let isGone =
                if let job {
                    try await jobs.pods(of: job).allSatisfy { $0.uid != situation.task?.podUID && $0.isTerminal }
                } else {
                    try await jobs.hasNothing(of: task)
                }
            guard isGone else { return }
            try await report(job?.name ?? "", .vanished(podName: ""), situation, deadline)
        case .dropToken:
            try deadline.check("drop the token")
            _ = try await server.removeFromQueue(pendingQueue, task: task)
        case .explain: break  // the reconciler tells people
        }
    }

    // MARK: - Failing

    /// Takes the token, so that no executor can enter; enters in its place, so that an abort in between is seen; fails.
    private func failBeforeEntry(
        _ job: JobFacts, _ finding: Finding, _ situation: Situation, _ deadline: Deadline
    ) async throws {
        let task = situation.taskID
        if situation.task?.status == .queued {
            try deadline.check("take the token")
            let taken = try await server.removeFromQueue(pendingQueue, task: task)
            if !taken {
                // Gone: an executor has it, unless no container has ever started.
                let live = try await jobs.livePods(of: job)
                guard live.allSatisfy({ !$0.taskMayHaveStarted }) else { return }
            }
            try deadline.check("fail the task")
            guard try await server.dequeue(task: task, newStatus: .inProgress) else { return }
        }
        try await report(job.name, .failed(finding), situation, deadline)
    }

    private func report(_ job: String, _ ending: Ending, _ situation: Situation, _ deadline: Deadline) async throws {
        let task = situation.taskID
        try deadline.check("report the outcome")
        do throws(ClearMLError) {
            switch ending {
            case .completed(let note):
                try await server.completed(
                    task: task, reason: "worker execution done", message: note.map { "completed; \($0)" } ?? "")
            case .stopped: try await server.stopped(task: task, reason: "task was stopped by tasks.stop")
            case .failed(let finding):
                // The evidence first: whoever sees the status finds it in the console.
                console.say(finding.message, task: task, level: "ERROR")
                await console.flush()
                try await server.failed(task: task, reason: finding.kind.rawValue, message: finding.message)
            }
        } catch {
            // Somebody else was first (the user, the executor): theirs stands.
            guard error.isRefusal(.invalidTaskStatus) || error.isRefusal(.lostTheRace) else { throw error }
            logger.info("the task has moved on", metadata: ["task": "\(task)", "error": "\(error)"])
            return
        }
        logger.info("outcome reported", metadata: ["task": "\(task)", "job": "\(job)", "ending": "\(ending.summary)"])
    }

    // MARK: - Another attempt

    /// Budget, proof of death, queued again, next Job held, claim, token, release, and only then the old Job's finalizer.
    /// Cut at any point, it is begun again from the top: each step finds itself done.
    private func retry(
        _ job: JobFacts, _ finding: Finding, _ budget: Budget, _ situation: Situation, _ deadline: Deadline
    ) async throws {
        let task = situation.taskID
        guard let facts = situation.task else { return }
        let next = job.attempt + 1
        if facts.attempt != next {
            try deadline.check("spend the budget")
            let (key, count) =
                budget == .beforeStart
                ? (Handoff.Runtime.lostBeforeStart, facts.lostBeforeStart + 1)
                : (Handoff.Runtime.lostAfterStart, facts.lostAfterStart + 1)
            try await server.editRuntime(task: task, set: [Handoff.Runtime.attempt: "\(next)", key: "\(count)"])
            console.say(
                "attempt \(job.attempt) was lost: \(finding.message); attempt \(next) follows", task: task,
                level: "WARNING")
        }
        guard job.isOver else {
            try deadline.check("end the old Job")
            return try await jobs.delete(job)
        }
        guard try await jobs.livePods(of: job).isEmpty else { return try await jobs.delete(job) }
        guard let record = try await server.task(task) else { return }
        let current = TaskFacts(record)
        guard current.claim == job.claim, current.attempt == next else { return }
        try deadline.check("make the task ready for the next attempt")
        switch current.status {
        case .inProgress:
            guard !current.isStopping else { return }
            try await server.enqueue(
                task: task, queue: pendingQueue, force: true, reason: "attempt \(next)", message: finding.message)
        case .queued:
            guard current.executionQueue == pendingQueue else { return }
            // Pods that vanished unseen may still run somewhere: without the token they cannot enter. Who has it, if it
            // is gone, enters in a moment or never.
            if job.pods.isEmpty, try await !server.removeFromQueue(pendingQueue, task: task),
                situation.observedFor < .seconds(120)
            {
                return
            }
        default: return
        }
        switch try await claims.claimNextAttempt(of: record, after: job, attempt: next, deadline: deadline) {
        case .claimed: try await jobs.letGo(job)
        case .taken(let why):
            logger.error("cannot create the next attempt", metadata: ["task": "\(task)", "why": "\(why)"])
        case .refused(let why):
            let refusal = Finding(
                kind: .configuration, what: why, evidence: "attempt \(next)",
                remedy: "correct the task or the queue's template, and enqueue it again", blame: .task)
            var now = situation
            now.task = current
            now.task?.status = .queued
            try await failBeforeEntry(job, refusal, now, deadline)
        case .noPlace(let why):
            logger.error("no next attempt here: putting the task back", metadata: ["task": "\(task)", "why": "\(why)"])
            // Nobody else can enter: the pods are dead, or the token was taken above. Whether one is there or not, the task
            // goes back; only then does the Job that names it go.
            _ = try await server.removeFromQueue(pendingQueue, task: task)
            try await giveBack(task, to: job.enqueue.queue, hasToken: false, deadline)
            try await jobs.letGo(job)
        }
    }

    /// A task of ours without a Job: back to the front of the queue it came from.
    private func putBack(_ situation: Situation, _ deadline: Deadline) async throws {
        let task = situation.taskID
        guard let origin = situation.task?.enqueue?.queue, try await jobs.hasNothing(of: task) else { return }
        try await giveBack(task, to: origin, hasToken: situation.token, deadline)
    }

    /// Marked first, so that the next claim keeps the budgets; cut after the token is taken, it is found by its claim.
    private func giveBack(_ task: String, to origin: String, hasToken: Bool, _ deadline: Deadline) async throws {
        try deadline.check("mark the task as returned")
        try await server.editRuntime(task: task, set: [Handoff.Runtime.returned: "1"])
        if hasToken {
            try deadline.check("take the token")
            guard try await server.removeFromQueue(pendingQueue, task: task) else { return }
        }
        try deadline.check("put the task back")
        do throws(ClearMLError) {
            _ = try await server.addToQueue(origin, task: task, updateExecutionQueue: true)
        } catch {
            guard error.isRefusal(.invalidQueueID) else { throw error }
            logger.error(
                "the task's queue is gone: enqueue the task in another",
                metadata: ["task": "\(task)", "queue": "\(origin)"])
            _ = try await server.addToQueue(pendingQueue, task: task, updateExecutionQueue: true)
            return
        }
        try await server.moveToFront(queue: origin, task: task)
        logger.info("task put back at the front of its queue", metadata: ["task": "\(task)", "queue": "\(origin)"])
        console.say("its Job was lost before it started: back at the front of its queue", task: task, level: "WARNING")
    }
}

extension Ending {
    /// For the log.
    var summary: String {
        switch self {
        case .completed: "completed"
        case .stopped: "stopped"
        case .failed(let finding): "failed: \(finding.message)"
        }
    }
}
