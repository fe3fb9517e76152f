import Synchronization

/// How pods ended that are no longer there. A deleted or evicted pod is terminal for a moment only, then its object is
/// removed: whoever looks after that would take a proven, explained end for a disappearance.
final class DepartedPods: Sendable {
    private let ends = Mutex<[String: [PodReading]]>([:])

    /// Keeps `pod` of the Job with the uid `job`, if its last state proves its end.
    func add(_ pod: PodReading, job: String) {
        guard pod.isTerminal else { return }
        ends.withLock { ends in
            ends[job, default: []].removeAll { $0.uid == pod.uid }
            ends[job, default: []].append(pod)
        }
    }

    /// The ends of all pods of the Jobs with these uids, by Job; those of other Jobs are forgotten.
    func ofJobs(_ jobs: Set<String>) -> [String: [PodReading]] {
        ends.withLock { ends in
            ends = ends.filter { jobs.contains($0.key) }
            return ends
        }
    }
}
