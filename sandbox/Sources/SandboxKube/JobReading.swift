import JSON
import OS

/// A Job and its pods, counted.
struct JobReading {
    static let trackingFinalizer = "batch.kubernetes.io/job-tracking"
    static let indexKey = "batch.kubernetes.io/job-completion-index"

    let job: JSONValue
    let pods: [JSONValue]
    let now: Timestamp

    /// Neither ended nor deleting.
    var active: [JSONValue] { pods.filter { !$0.isTerminalPod && !$0.isDeleting } }
    /// Deleting and not ended yet.
    var terminating: [JSONValue] { pods.filter { !$0.isTerminalPod && $0.isDeleting } }
    var ready: Int { active.count { $0.isTrue("Ready") } }
    /// Not counted in the Job's status yet.
    var tracked: [JSONValue] { pods.filter(Self.isTracked) }
    var newSucceeded: [JSONValue] { tracked.filter { $0.phase == "Succeeded" } }
    var newFailed: [JSONValue] { tracked.filter(isFailed) }

    var isFinished: Bool { job.isTrue("Complete") || job.isTrue("Failed") }
    var isSuspended: Bool { job.bool("spec", "suspend") == true }
    var isIndexed: Bool { job.string("spec", "completionMode") == "Indexed" }
    var replacesOnlyFailed: Bool { job.string("spec", "podReplacementPolicy") == "Failed" }
    var start: Timestamp? { job.string("status", "startTime").flatMap(Timestamp.init(iso:)) }

    static func isTracked(_ pod: JSONValue) -> Bool { pod.finalizers.contains(trackingFinalizer) }

    static func index(of pod: JSONValue) -> Int? {
        pod.string("metadata", "annotations", indexKey).flatMap { Int($0) }
    }

    /// A pod that is being deleted counts as failed, unless only ended ones may be replaced.
    private func isFailed(_ pod: JSONValue) -> Bool {
        if pod.phase == "Failed" { return true }
        return !replacesOnlyFailed && pod.isDeleting && pod.phase != "Succeeded"
    }

    /// The indexes that have succeeded, before and now.
    var completedIndexes: Set<Int> {
        var indexes = CompletedIndexes.parse(job.string("status", "completedIndexes") ?? "")
        let count = job.int("spec", "completions") ?? 0
        for pod in newSucceeded {
            if let index = Self.index(of: pod), index < count { indexes.insert(index) }
        }
        return indexes
    }

    /// Restarts of containers within pods that run, for `restartPolicy: OnFailure`.
    var restarts: Int {
        active.reduce(0) { sum, pod in
            let statuses = pod.list("status", "containerStatuses") + pod.list("status", "initContainerStatuses")
            return sum + statuses.reduce(0) { $0 + ($1.int("restartCount") ?? 0) }
        }
    }

    /// When the Job's deadline is over.
    var deadline: Timestamp? {
        guard let seconds = job.int("spec", "activeDeadlineSeconds"), let start, !isSuspended else { return nil }
        return start + .seconds(seconds)
    }

    /// When a finished Job may be removed.
    var removal: Timestamp? {
        guard let seconds = job.int("spec", "ttlSecondsAfterFinished") else { return nil }
        let condition = job.isTrue("Complete") ? job.condition("Complete") : job.condition("Failed")
        guard let end = condition?.string("lastTransitionTime").flatMap(Timestamp.init(iso:)) else { return nil }
        return end + .seconds(seconds)
    }
}

/// Indexes in the form of a Job's status: `0,2-4`.
enum CompletedIndexes {
    static func parse(_ text: String) -> Set<Int> {
        var indexes: Set<Int> = []
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { continue }
            indexes.formUnion(first...last)
        }
        return indexes
    }

    static func text(_ indexes: Set<Int>) -> String {
        var parts: [String] = []
        let sorted = indexes.sorted()
        var place = 0
        while place < sorted.count {
            var end = place
            while end + 1 < sorted.count, sorted[end + 1] == sorted[end] + 1 { end += 1 }
            parts.append(
                end == place ? "\(sorted[place])" : "\(sorted[place])\(end == place + 1 ? "," : "-")\(sorted[end])")
            place = end + 1
        }
        return parts.joined(separator: ",")
    }
}
