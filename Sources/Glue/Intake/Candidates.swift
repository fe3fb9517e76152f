import ClearMLClient
import Handoff

/// One entry of a watched queue that may be claimed now.
struct Candidate: Sendable, Equatable {
    var task: String
    var queue: WatchedQueue
    var enqueue: Enqueue
}

/// A queue that glue reads, in words and as the server knows it.
struct WatchedQueue: Sendable, Equatable {
    var id: String
    var name: String
    /// The most Jobs from it at one time; `nil`: no limit.
    var maxJobs: Int?
}

/// Which entries to claim, out of all that wait. Pure.
enum Candidates {
    /// In the order of the queues, then of their entries: each queue up to its limit, at most `window` in all.
    /// An entry that may not start now is passed over with its reason, not blocked upon.
    /// - Parameters:
    ///   - jobs: our Jobs that are there, from the cluster: they count, and a task whose Job is still there waits for it.
    ///   - isBusy: tasks that are being claimed or recovered this moment.
    static func choose(
        queues: [WatchedQueue], entries: [String: [QueueEntry]], jobs: [JobFacts], isBusy: (String) -> Bool, window: Int
    ) -> (candidates: [Candidate], skipped: [(task: String, queue: String, why: String)]) {
        var running: [String: Int] = [:]
        var present: [String: [JobFacts]] = [:]
        for job in jobs {
            present[job.task, default: []].append(job)
            if job.isHeld { running[job.enqueue.queue, default: 0] += 1 }
        }
        var candidates: [Candidate] = []
        var skipped: [(task: String, queue: String, why: String)] = []
        var chosen: Set<String> = []
        for queue in queues {
            for entry in entries[queue.id] ?? [] {
                if candidates.count >= window { return (candidates, skipped) }
                let enqueue = Enqueue(queue: queue.id, added: entry.added)
                func skip(_ why: String) { skipped.append((entry.task, queue.name, why)) }
                if isBusy(entry.task) || chosen.contains(entry.task) { continue }
                let own = present[entry.task] ?? []
                // A held Job of this very enqueue is this claim, begun before and not finished.
                let begun = own.contains { $0.enqueue == enqueue && $0.claimState == .pending && !$0.isDeleting }
                if !begun {
                    if let alive = own.first(where: { $0.isHeld || !$0.livePods.isEmpty }) {
                        skip("its Job \(alive.name) has not ended yet")
                        continue
                    }
                    if let limit = queue.maxJobs, running[queue.id, default: 0] >= limit {
                        skip("the queue has reached its limit of \(limit) Jobs")
                        break
                    }
                    running[queue.id, default: 0] += 1
                }
                chosen.insert(entry.task)
                candidates.append(Candidate(task: entry.task, queue: queue, enqueue: enqueue))
            }
        }
        return (candidates, skipped)
    }
}
