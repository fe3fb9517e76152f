import JSON
import OS

extension ClusterState {
    /// Does all that is to be done now: Jobs that changed or whose time has come, watches, events, pods that their node lost.
    mutating func settle() {
        let now = self.now
        if now >= nextExpiry {
            expireEvents()
            collectLostPods()
            nextExpiry = now + .seconds(10)
        }
        evictByTaints()
        for (reference, time) in jobTimers where time <= now { dirtyJobs.insert(reference) }
        // One look may bring the next: a pod that goes at once is a change of its Job. Jobs come to rest within a few
        // rounds; the bound only keeps a fault here from holding the lock for ever, the rest waits for the next turn.
        for _ in 0..<50 {
            let orphans = orphanedPods
            orphanedPods = []
            for key in orphans { releaseTracking(key) }
            if dirtyJobs.isEmpty { break }
            let jobs = dirtyJobs
            dirtyJobs = []
            for job in jobs { sync(job) }
        }
        watches.tick(now: now, version: store.version, interval: configuration.bookmarkInterval)
    }
}
