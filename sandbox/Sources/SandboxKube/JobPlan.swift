import JSON
import OS

/// What a look at a Job comes to: its new status and what is to be done. Pure; `JobController` does it.
struct JobPlan {
    enum Outcome: Equatable {
        case failure(reason: String, message: String)
        case success
    }

    /// The new status, but for the counts of pods that have not ended.
    var status: JSONValue
    /// Pods whose end is now counted: their tracking finalizer goes.
    var release: [JSONValue] = []
    /// Pods to delete because the Job is over. They stay counted as failed.
    var end: [JSONValue] = []
    /// Pods to delete because they are not wanted now: released first, so that they count as nothing.
    var withdraw: [JSONValue] = []
    /// Pods to make: an index each, or `nil`.
    var create: [Int?] = []
    var events: [(type: String, reason: String, message: String)] = []
    /// When to look again without being told.
    var wake: Timestamp?
    /// Pods that failed or succeeded just now, for the wait before a replacement.
    var newFailures = 0
    var newSuccesses = 0

    private let reading: JobReading

    /// - Parameter holdUntil: until when no pod may be made, given how many failed and succeeded just now.
    init(_ reading: JobReading, holdUntil: (_ failures: Int, _ successes: Int) -> Timestamp?) {
        self.reading = reading
        status = reading.job["status"] ?? [:]
        let outcome = count()
        if let outcome {
            finish(outcome)
        } else if reading.isSuspended {
            suspend()
        } else {
            resume()
            manage(holdUntil: holdUntil(newFailures, newSuccesses))
        }
    }

    // MARK: - Counting

    private var succeeded: Int { status.int("succeeded") ?? 0 }
    private var failed: Int { status.int("failed") ?? 0 }

    /// Counts what ended and says whether that ends the Job.
    private mutating func count() -> Outcome? {
        let policy = PodFailurePolicy(reading.job)
        var verdict: Outcome?
        var counted = 0
        for pod in reading.newFailed {
            switch policy.outcome(of: pod) {
            case .counts: counted += 1
            case .ignored: break
            case .failsJob(let message):
                counted += 1
                verdict = verdict ?? .failure(reason: "PodFailurePolicy", message: message)
            }
        }
        newFailures = counted
        newSuccesses = reading.newSucceeded.count
        release = reading.newFailed + reading.newSucceeded
        set("failed", failed + counted)
        if reading.isIndexed {
            let indexes = reading.completedIndexes
            status.set(indexes.isEmpty ? .none : .string(CompletedIndexes.text(indexes)), "completedIndexes")
            set("succeeded", indexes.count)
        } else {
            set("succeeded", succeeded + newSuccesses)
        }
        if reading.job.isDeleting {
            // A Job on its way out lets go of all its pods; the garbage collector sees to them.
            release = reading.tracked
        }
        return known ?? verdict ?? limits ?? successes
    }

    /// What earlier looks have decided.
    private var known: Outcome? {
        if let target = reading.job.condition("FailureTarget"), target.string("status") == "True" {
            return .failure(
                reason: target.string("reason") ?? "", message: target.string("message") ?? "")
        }
        return reading.job.isTrue("SuccessCriteriaMet") ? .success : nil
    }

    private var limits: Outcome? {
        let limit = reading.job.int("spec", "backoffLimit") ?? 6
        let isOver = newFailures > 0 && failed > limit
        let restarts = reading.restarts
        let hasRestarted =
            reading.job.string("spec", "template", "spec", "restartPolicy") == "OnFailure"
            && (limit == 0 ? restarts > 0 : restarts >= limit)
        if isOver || hasRestarted {
            return .failure(
                reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit")
        }
        if let deadline = reading.deadline, reading.now >= deadline {
            return .failure(reason: "DeadlineExceeded", message: "Job was active longer than specified deadline")
        }
        return nil
    }

    private var successes: Outcome? {
        guard let wanted = reading.job.int("spec", "completions") else {
            return succeeded > 0 && reading.active.isEmpty && reading.terminating.isEmpty ? .success : nil
        }
        return succeeded >= wanted ? .success : nil
    }

    // MARK: - Ending

    /// First the target, then, once every pod has ended, the end itself.
    private mutating func finish(_ outcome: Outcome) {
        let isFirst = known == nil
        // Whatever is left counts as failed: nothing will be counted after this.
        let rest = reading.tracked.filter { pod in !release.contains { $0.name == pod.name } }
        set("failed", failed + rest.count)
        release += rest
        end = reading.active
        let target: String
        let final: String
        let reason: String
        let message: String
        switch outcome {
        case .failure(let why, let text):
            (target, final, reason, message) = ("FailureTarget", "Failed", why, text)
        case .success:
            (target, final, reason, message) = (
                "SuccessCriteriaMet", "Complete", "CompletionsReached", "Reached expected number of succeeded pods"
            )
        }
        if isFirst { set(condition: target, reason, message) }
        guard reading.active.isEmpty, reading.terminating.isEmpty else { return }
        set(condition: final, reason, message)
        if outcome == .success {
            status["completionTime"] = stamp
            events.append(("Normal", "Completed", "Job completed"))
        } else {
            events.append(("Warning", reason, message))
        }
        if status.string("startTime") == nil { status["startTime"] = stamp }
    }

    // MARK: - Suspending

    private mutating func suspend() {
        withdraw = reading.active
        status.set(nil, "startTime")
        guard !reading.job.isTrue("Suspended") else { return }
        set(condition: "Suspended", "JobSuspended", "Job suspended")
        events.append(("Normal", "Suspended", "Job suspended"))
    }

    private mutating func resume() {
        if reading.job.isTrue("Suspended") {
            set(condition: "Suspended", "JobResumed", "Job resumed", isTrue: false)
            events.append(("Normal", "Resumed", "Job resumed"))
            status["startTime"] = stamp
        }
        if status.string("startTime") == nil { status["startTime"] = stamp }
        if let seconds = reading.job.int("spec", "activeDeadlineSeconds"),
            let start = status.string("startTime").flatMap(Timestamp.init(iso:))
        {
            wake = start + .seconds(seconds)
        }
    }

    // MARK: - Pods

    private mutating func manage(holdUntil: Timestamp?) {
        guard !reading.job.isDeleting else { return }
        let active = reading.active
        let parallelism = reading.job.int("spec", "parallelism") ?? 1
        let wanted: Int
        if let completions = reading.job.int("spec", "completions") {
            wanted = min(parallelism, max(0, completions - succeeded))
        } else {
            wanted = succeeded > 0 ? min(active.count, parallelism) : parallelism
        }
        if active.count > wanted {
            // Those that have not begun go first.
            let ordered = active.sorted { !$0.isTrue("Ready") && $1.isTrue("Ready") }
            withdraw = Array(ordered.prefix(active.count - wanted))
            return
        }
        let missing = wanted - active.count - (reading.replacesOnlyFailed ? reading.terminating.count : 0)
        guard missing > 0 else { return }
        if let holdUntil, reading.now < holdUntil {
            wake = min(wake ?? holdUntil, holdUntil)
            return
        }
        create = reading.isIndexed ? missingIndexes(missing) : Array(repeating: nil, count: missing)
    }

    private func missingIndexes(_ count: Int) -> [Int?] {
        let completions = reading.job.int("spec", "completions") ?? 0
        let occupied = (reading.replacesOnlyFailed ? reading.active + reading.terminating : reading.active)
            .compactMap(JobReading.index)
        let taken = reading.completedIndexes.union(occupied)
        return Array((0..<completions).lazy.filter { !taken.contains($0) }.prefix(count))
    }

    // MARK: - Status

    private var stamp: JSONValue { .string(reading.now.iso(fraction: 0, zone: "Z")) }

    private mutating func set(_ name: String, _ count: Int) {
        status.set(count == 0 ? .none : .integer(Int64(count)), name)
    }

    private mutating func set(condition type: String, _ reason: String, _ message: String, isTrue: Bool = true) {
        var holder: JSONValue = ["status": status]
        holder.setCondition([
            "type": .string(type), "status": isTrue ? "True" : "False", "lastProbeTime": stamp,
            "lastTransitionTime": stamp, "reason": .string(reason), "message": .string(message),
        ])
        status = holder["status"] ?? status
    }

    /// The status with the counts of pods as `reading` finds them.
    func status(with reading: JobReading) -> JSONValue {
        var status = status
        let active = reading.active.count
        status.set(active == 0 ? .none : .integer(Int64(active)), "active")
        status["ready"] = .integer(Int64(reading.ready))
        status["terminating"] = .integer(Int64(reading.terminating.count))
        status["uncountedTerminatedPods"] = .object([:])
        return status
    }
}
