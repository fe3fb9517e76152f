import ClearMLClient
import Handoff

/// One step towards the truth for one task. Every action is safe to repeat and states what it expects to replace.
enum TaskAction: Sendable, Equatable {
    /// A held Job whose claim was lost or given up: delete it, on the condition that nobody has touched it.
    case dropHeld(JobFacts, why: String)
    /// The pop is won: write the claim, put the token into the pending queue, let the Job go.
    case finishClaim(JobFacts)
    /// The task is no longer this Job's: delete the Job and its pods.
    case withdraw(JobFacts, why: String)
    /// The outcome is acknowledged: take the finalizer off.
    case letGo(JobFacts)
    /// The task has not entered: take the token, then fail it.
    case failBeforeEntry(JobFacts, Finding)
    /// The task is in progress and its pod has ended without saying so to the server.
    case report(JobFacts, Ending)
    /// Spend budget (or, if that is done, go on): next Job for the same claim.
    case retry(JobFacts, Finding, Budget)
    /// Token or task of ours without any Job: back to the front of the queue it came from.
    case putBack
    /// In progress by our claim, but the pod that entered (or, with no Job either, any) is gone: if the API server itself
    /// says so too, the task fails.
    case reportVanished(JobFacts?)
    /// A token for a task that is not queued any more.
    case dropToken
    /// Why the task waits, for people.
    case explain(JobFacts, Finding)
}

/// Which of a task's two retry budgets an attempt is charged to.
enum Budget: Sendable, Equatable {
    /// Lost to infrastructure before the user's code ran.
    case beforeStart
    /// Lost after.
    case afterStart
}

/// The limits that a decision needs from the task's queue and from the configuration.
struct DecisionLimits: Sendable, Equatable {
    var pendingTimeout: Duration?
    var retriesBeforeStart: Int
    var retriesAfterStart: Int
    var terminationGrace: Duration
    /// How long a popped task without a claim, or a task of ours in no queue, is observed before it is taken up.
    var orphanAfter: Duration
}

/// What to do for one task, from everything known about it. Pure; `docs/recovery.md` is its table.
struct Decision: Sendable, Equatable {
    var actions: [TaskAction] = []

    /// Decides. `limits` are those of the queue that a Job came from; `isWatched` says whether glue still reads a queue.
    init(
        _ situation: Situation, limits: (JobFacts) -> DecisionLimits, isWatched: (String) -> Bool, orphanAfter: Duration
    ) {
        for job in situation.jobs {
            switch job.claimState {
            case .pending: actions += Self.held(job, situation, limits(job), isWatched)
            case .won: actions += Self.released(job, situation, limits(job))
            }
        }
        actions += Self.token(situation, orphanAfter)
    }

    // MARK: - A Job that holds a claim not yet won

    private static func held(
        _ job: JobFacts, _ situation: Situation, _ limits: DecisionLimits, _ isWatched: (String) -> Bool
    ) -> [TaskAction] {
        guard job.isHeld || !job.isDeleting else { return [] }
        guard let task = situation.task else { return [.dropHeld(job, why: "the task is deleted")] }
        guard task.status == .queued else { return [.dropHeld(job, why: "the task is \(task.status.rawValue)")] }
        if job.isDeleting { return [.dropHeld(job, why: "the Job was deleted")] }
        let ourQueues = [job.enqueue.queue, situation.pendingQueue]
        guard let queue = task.executionQueue, ourQueues.contains(queue) else {
            return [.dropHeld(job, why: "the task was enqueued elsewhere")]
        }
        if task.claim == job.claim {
            // Its own entry may have been read before the pop.
            let isAgain = !situation.waiting.subtracting([job.enqueue]).isEmpty
            return isAgain ? [.dropHeld(job, why: "the task was enqueued again")] : [.finishClaim(job)]
        }
        // The next attempt of a retry: the claim still names the attempt before.
        if let claim = task.claim, claim.instance == situation.instance, task.enqueue == job.enqueue,
            claim.attempt == job.attempt - 1, task.attempt == job.attempt
        {
            let predecessor = situation.jobs.first { $0.uid == claim.jobUID }
            return predecessor == nil ? [.finishClaim(job)] : []
        }
        if situation.waiting.contains(job.enqueue) {
            // Not popped: the intake goes on with it, if it still reads that queue.
            return isWatched(job.enqueue.queue) ? [] : [.dropHeld(job, why: "its queue is no longer watched")]
        }
        if !situation.waiting.isEmpty { return [.dropHeld(job, why: "the task was enqueued again")] }
        if task.claim != nil, task.enqueue == job.enqueue {
            return [.dropHeld(job, why: "another glue claimed the task")]
        }
        // Popped, and nobody has said by whom: by us, if nobody says so for long enough.
        return situation.observedFor >= limits.orphanAfter ? [.finishClaim(job)] : []
    }

    // MARK: - A Job that has been let go

    private static func released(_ job: JobFacts, _ situation: Situation, _ limits: DecisionLimits) -> [TaskAction] {
        guard job.isHeld || !job.pods.isEmpty else { return [] }
        guard let task = situation.task else {
            return windDown(job, nil, situation, limits, why: "the task is deleted")
        }
        guard task.claim == job.claim else {
            return windDown(job, nil, situation, limits, why: "the task has moved on")
        }
        switch task.status {
        case .queued:
            guard task.executionQueue == situation.pendingQueue else {
                return windDown(job, nil, situation, limits, why: "the task was enqueued elsewhere")
            }
            return queued(job, task, situation, limits)
        case .inProgress: return inProgress(job, task, situation, limits)
        default: return windDown(job, task, situation, limits, why: "the task is \(task.status.rawValue)")
        }
    }

    /// Not entered yet, as far as the server knows.
    private static func queued(
        _ job: JobFacts, _ task: TaskFacts, _ situation: Situation, _ limits: DecisionLimits
    ) -> [TaskAction] {
        if task.attempt == job.attempt + 1 { return [.retry(job, resumed, .beforeStart)] }
        if let live = job.livePods.first {
            if job.isDeleting { return [.withdraw(job, why: "the Job was deleted by someone outside glue")] }
            // Its executor took the token and has not entered: it will in a moment, or never.
            if live.taskMayHaveStarted {
                let hung = !situation.token && situation.observedFor > .seconds(120)
                return hung ? [.withdraw(job, why: "the executor hangs in the start gate")] : []
            }
            return waiting(job, live, situation)
        }
        if !job.isOver, job.pods.isEmpty {
            let finding = Finding(
                kind: .pendingTimeout, what: "the Job has no pod", evidence: "Job \(job.name)",
                remedy: "see `kubectl describe job \(job.name)` for quota and admission refusals", blame: .cluster)
            let limit = limits.pendingTimeout ?? .seconds(1_000_000_000)
            return situation.observedFor >= limit ? [.failBeforeEntry(job, finding)] : []
        }
        // Dead before it entered: whatever ended it, no code of the user's ran.
        let ending = job.pods.last.map { Ending.of($0) } ?? .vanished(podName: "")
        let finding: Finding =
            if case .failed(let found) = ending {
                found
            } else {
                Finding(
                    kind: .executor, what: "the executor ended before it took the task", evidence: "Job \(job.name)",
                    remedy: "", blame: .cluster)
            }
        if finding.blame == .cluster, task.lostBeforeStart < limits.retriesBeforeStart {
            return [.retry(job, finding, .beforeStart)]
        }
        return [.failBeforeEntry(job, finding)]
    }

    /// A pod that never started: patience, until it has looked hopeless for long enough.
    private static func waiting(_ job: JobFacts, _ pod: PodReading, _ situation: Situation) -> [TaskAction] {
        guard let waited = situation.waits[pod.uid] else { return [] }
        guard let limit = waited.limit, waited.elapsed >= limit else {
            // Every pod waits a little; people are told when it is worth telling.
            return waited.elapsed >= .seconds(10) ? [.explain(job, waited.finding)] : []
        }
        return [.failBeforeEntry(job, waited.finding)]
    }

    /// Entered: the executor speaks, until its pod is dead.
    private static func inProgress(
        _ job: JobFacts, _ task: TaskFacts, _ situation: Situation, _ limits: DecisionLimits
    ) -> [TaskAction] {
        if task.attempt == job.attempt + 1 {
            return [.retry(job, resumed, task.mayHaveRun ? .afterStart : .beforeStart)]
        }
        let ending: Ending
        if let podUID = task.podUID {
            if let pod = job.pods.first(where: { $0.uid == podUID }) {
                guard pod.isTerminal else {
                    return job.isDeleting ? [.withdraw(job, why: "the Job was deleted by someone outside glue")] : []
                }
                ending = Ending.of(pod)
            } else {
                return [.reportVanished(job)]
            }
        } else {
            // Entered a moment ago and not yet told us as which pod: any pod that lives may be it.
            if let live = job.livePods.first {
                if job.isDeleting { return [.withdraw(job, why: "the Job was deleted by someone outside glue")] }
                // No executor can have entered from here: a failure before entry was cut short, and goes on.
                return live.taskMayHaveStarted ? [] : waiting(job, live, situation)
            }
            guard let pod = job.pods.last(where: { $0.verdict?.outcome != .notOurs }) ?? job.pods.last else {
                return job.isOver ? [.reportVanished(job)] : []
            }
            ending = Ending.of(pod)
        }
        if task.isStopping {
            if case .failed = ending { return [.report(job, .stopped)] }
        }
        guard case .failed(let finding) = ending, finding.blame == .cluster else { return [.report(job, ending)] }
        if task.mayHaveRun {
            return task.lostAfterStart < limits.retriesAfterStart
                ? [.retry(job, finding, .afterStart)] : [.report(job, ending)]
        }
        return task.lostBeforeStart < limits.retriesBeforeStart
            ? [.retry(job, finding, .beforeStart)] : [.report(job, ending)]
    }

    /// The task needs this Job no more: wait for an executor that is just finishing, end everything else.
    private static func windDown(
        _ job: JobFacts, _ task: TaskFacts?, _ situation: Situation, _ limits: DecisionLimits, why: String
    ) -> [TaskAction] {
        if job.livePods.isEmpty {
            // Until the Job controller has seen the end it might make another pod: then the Job goes, too.
            if job.isOver { return job.isHeld ? [.letGo(job)] : [] }
            let isSettling = !job.pods.isEmpty && situation.observedFor < .seconds(30)
            return isSettling ? [] : [.withdraw(job, why: why)]
        }
        if let entered = task?.podUID, job.livePods.contains(where: { $0.uid == entered }), !job.isDeleting,
            situation.observedFor < limits.terminationGrace + .seconds(30)
        {
            return []
        }
        return [.withdraw(job, why: why)]
    }

    // MARK: - The token, and tasks of ours without a Job

    private static func token(_ situation: Situation, _ orphanAfter: Duration) -> [TaskAction] {
        guard let task = situation.task else { return situation.token ? [.dropToken] : [] }
        guard let claim = task.claim, claim.instance == situation.instance else {
            return []  // no claim of ours: not ours to touch
        }
        let isNamed = situation.jobs.contains { $0.uid == claim.jobUID }
        let hasSuccessor = situation.jobs.contains {
            $0.claimState == .pending && $0.enqueue == task.enqueue && $0.attempt == task.attempt
        }
        switch task.status {
        case .queued:
            guard task.executionQueue == situation.pendingQueue, !isNamed, !hasSuccessor, situation.jobs.isEmpty else {
                return []
            }
            return situation.observedFor >= orphanAfter ? [.putBack] : []
        case .inProgress:
            guard situation.jobs.isEmpty, task.executionQueue == situation.pendingQueue else { return [] }
            return situation.observedFor >= orphanAfter ? [.reportVanished(nil)] : []
        default:
            return situation.token ? [.dropToken] : []
        }
    }

    /// The finding of a retry whose budget is spent already: the runtime says so, only the rest is to be done.
    private static let resumed = Finding(
        kind: .infrastructure, what: "the attempt was lost", evidence: "", remedy: "", blame: .cluster)
}
