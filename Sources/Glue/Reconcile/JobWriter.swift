import Handoff
import JSON
import KubeClient

/// The writes to Jobs and pods. Each names the object's uid: a namesake is never touched.
struct JobWriter: Sendable {
    let kube: KubernetesClient
    let namespace: String
    let instance: String

    /// What came of creating a held Job.
    enum Creation: Sendable {
        /// It stands there, made now or by us before.
        case ours(JobFacts, warnings: [String])
        /// The name is taken by something that is not this claim's: leave it.
        case foreign(String)
    }

    /// Creates `job` held, or finds the one that an earlier try made. A lost reply is resolved by reading.
    func createHeld(_ job: JSONValue, claim: (task: String, attempt: Int, enqueue: Enqueue)) async throws -> Creation {
        do throws(KubernetesError) {
            let created = try await kube.create(Job(raw: job), namespace: namespace)
            guard let facts = JobFacts(created.object.raw, pods: []) else {
                return .foreign("the API server dropped its labels")
            }
            return .ours(facts, warnings: created.warnings)
        } catch {
            guard error.isAlreadyExists || error.mayHaveActed else { throw error }
            let name = job.at("metadata", "name")?.string ?? ""
            let found: Job
            do throws(KubernetesError) {
                found = try await kube.get(Job.self, name, namespace: namespace)
            } catch let second {
                throw second.isNotFound ? error : second
            }
            guard let facts = JobFacts(found.raw, pods: []), facts.instance == instance, facts.task == claim.task,
                facts.attempt == claim.attempt, facts.enqueue == claim.enqueue
            else { return .foreign("a Job `\(name)` exists that is not of this claim") }
            if facts.condition != .none { return .foreign("the Job `\(name)` has already ended") }
            if facts.isDeleting { return .foreign("the Job `\(name)` is being deleted") }
            return .ours(facts, warnings: [])
        }
    }

    /// Lets a held Job go: claim won, one pod.
    func release(_ job: JobFacts) async throws {
        _ = try await kube.patch(
            Job.self, job.name, namespace: namespace,
            .merge([
                "metadata": [
                    "uid": .string(job.uid),
                    "annotations": [Handoff.Annotation.claim: .string(Handoff.ClaimState.won.rawValue)],
                ], "spec": ["parallelism": 1],
            ]))
    }

    /// Whether the API server itself has this very Job, and with its claim still pending.
    func isHeldNow(_ job: JobFacts) async throws -> Bool {
        do throws(KubernetesError) {
            let current = try await kube.get(Job.self, job.name, namespace: namespace)
            return current.uid == job.uid
                && current.annotations[Handoff.Annotation.claim] == Handoff.ClaimState.pending.rawValue
        } catch {
            if error.isNotFound { return false }
            throw error
        }
    }

    /// Deletes a held Job, on the condition that it still is as we saw it; then lets it go.
    func deleteHeld(_ job: JobFacts) async throws {
        if !job.isDeleting {
            do throws(KubernetesError) {
                try await kube.delete(
                    Job.self, job.name, namespace: namespace,
                    DeleteOptions(uid: job.uid, resourceVersion: job.resourceVersion, propagation: .background))
            } catch { if !error.isNotFound { throw error } }
        }
        try await letGo(job, ifPending: true)
    }

    /// Deletes the Job and its live pods, each with its own grace.
    func delete(_ job: JobFacts) async throws {
        if !job.isDeleting {
            do throws(KubernetesError) {
                try await kube.delete(
                    Job.self, job.name, namespace: namespace, DeleteOptions(uid: job.uid, propagation: .background))
            } catch { if !error.isNotFound { throw error } }
        }
        // While our finalizer holds the Job, the garbage collector leaves its pods alone: they are ours to end.
        for pod in try await livePods(of: job) where !pod.isDeleting {
            do throws(KubernetesError) {
                try await kube.delete(Pod.self, pod.name, namespace: namespace, DeleteOptions(uid: pod.uid))
            } catch { if !error.isNotFound { throw error } }
        }
    }

    /// The pods of `job` that are not terminal, from the API server itself.
    func livePods(of job: JobFacts) async throws -> [PodReading] {
        try await pods(of: job).filter { !$0.isTerminal }
    }

    /// The pods of `job`, from the API server itself.
    func pods(of job: JobFacts) async throws -> [PodReading] {
        let selector = try LabelSelector([Handoff.Label.instance: instance, Handoff.Label.jobUID: job.uid])
        let pods = try await kube.list(Pod.self, namespace: namespace, ListOptions(labels: selector))
        return pods.items.map { PodReading($0.raw) }
    }

    /// Whether the API server itself knows of no Job of ours for `task`, and of no pod.
    func hasNothing(of task: String) async throws -> Bool {
        let selector = try LabelSelector([Handoff.Label.instance: instance, Handoff.Label.task: task])
        guard try await kube.list(Job.self, namespace: namespace, ListOptions(labels: selector)).items.isEmpty else {
            return false
        }
        let pods = try await kube.list(Pod.self, namespace: namespace, ListOptions(labels: selector))
        return pods.items.allSatisfy { PodReading($0.raw).isTerminal }
    }

    /// Takes our finalizer off, and no other. With `ifPending`, only while the claim is not won.
    func letGo(_ job: JobFacts, ifPending: Bool = false) async throws {
        for _ in 0..<5 {
            let current: Job
            do throws(KubernetesError) {
                current = try await kube.get(Job.self, job.name, namespace: namespace)
            } catch {
                if error.isNotFound { return }
                throw error
            }
            guard current.uid == job.uid, current.finalizers.contains(Handoff.finalizer) else { return }
            if ifPending, current.annotations[Handoff.Annotation.claim] != Handoff.ClaimState.pending.rawValue {
                return
            }
            let rest = current.finalizers.filter { $0 != Handoff.finalizer }
            do throws(KubernetesError) {
                _ = try await kube.patch(
                    Job.self, job.name, namespace: namespace,
                    .merge([
                        "metadata": [
                            "uid": .string(job.uid),
                            "resourceVersion": current.resourceVersion.map(JSONValue.string) ?? nil,
                            "finalizers": rest.isEmpty ? nil : .array(rest.map(JSONValue.string)),
                        ]
                    ]))
                return
            } catch {
                if error.isNotFound { return }
                if !error.isConflict { throw error }
            }
        }
    }

    /// Deletes a Job that has been let go and kept long enough.
    func cleanUp(_ job: JobFacts) async throws {
        do throws(KubernetesError) {
            try await kube.delete(
                Job.self, job.name, namespace: namespace, DeleteOptions(uid: job.uid, propagation: .background))
        } catch { if !error.isNotFound { throw error } }
    }
}
