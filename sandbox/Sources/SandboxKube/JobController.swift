import JSON
import OS

extension ClusterState {
    /// How a Job's pods have fared, for the wait before the next.
    struct JobFailures: Sendable, Equatable {
        /// Pods that failed since one succeeded, and when the last did.
        var inARow = 0
        var last: Timestamp?
        /// Pods that could not be made since one was, and when the last could not.
        var creations = 0
        var lastCreation: Timestamp?

        func counting(failures: Int, successes: Int, at now: Timestamp) -> JobFailures {
            var result = self
            if successes > 0 { result.inARow = 0 }
            if failures > 0 {
                result.inARow += failures
                result.last = now
            }
            return result
        }
    }

    /// Looks at one Job and does what its plan says.
    mutating func sync(_ reference: JobReference) {
        guard let job = store[reference.key], job.uid == reference.uid else {
            // The Job is gone: nobody will count its pods any more.
            for key in store.dependents(of: reference.uid) { releaseTracking(key) }
            jobFailures[reference] = nil
            jobTimers[reference] = nil
            return
        }
        let reading = JobReading(job: job, pods: pods(of: reference), now: now)
        jobTimers[reference] = nil
        if reading.isFinished {
            afterFinish(reading, reference)
            return
        }
        let known = jobFailures[reference] ?? JobFailures()
        let moment = now
        let plan = JobPlan(reading) { failures, successes in
            holdUntil(known.counting(failures: failures, successes: successes, at: moment))
        }
        let counted = known.counting(failures: plan.newFailures, successes: plan.newSuccesses, at: moment)
        if counted != known { jobFailures[reference] = counted }
        apply(plan, to: job, reference)
        if let wake = plan.wake { setTimer(reference, wake) }
    }

    private func pods(of reference: JobReference) -> [JSONValue] {
        store.dependents(of: reference.uid).filter { $0.kind == .pods }.compactMap { store[$0] }.filter {
            $0.controller?.string("uid") == reference.uid
        }
    }

    private mutating func afterFinish(_ reading: JobReading, _ reference: JobReference) {
        for pod in reading.tracked { releaseTracking(key(of: pod)) }
        jobFailures[reference] = nil
        guard let removal = reading.removal, !reading.job.isDeleting else { return }
        if now >= removal {
            discard(reference.key, .foreground)
        } else {
            setTimer(reference, removal)
        }
    }

    private mutating func setTimer(_ reference: JobReference, _ time: Timestamp) {
        jobTimers[reference] = min(jobTimers[reference] ?? time, time)
    }

    private func key(of pod: JSONValue) -> ObjectKey {
        ObjectKey(kind: .pods, namespace: pod.namespace, name: pod.name)
    }

    // MARK: - Waits

    /// Until when no pod is made: 10 s after a failed one, doubled with each; 1 s after one that could not be made.
    private func holdUntil(_ failures: JobFailures) -> Timestamp? {
        var hold: Timestamp?
        if failures.inARow > 0, let last = failures.last {
            let factor = 1 << min(failures.inARow - 1, 6)
            hold = last + min(configuration.podFailureBackoff * factor, .seconds(600))
        }
        if failures.creations > 0, let last = failures.lastCreation {
            let next = last + .seconds(1 << min(failures.creations - 1, 9))
            hold = max(hold ?? next, next)
        }
        return hold
    }

    // MARK: - Doing

    private mutating func apply(_ plan: JobPlan, to job: JSONValue, _ reference: JobReference) {
        for index in plan.create where !makePod(of: job, index: index, reference) { break }
        for pod in plan.withdraw { releaseTracking(key(of: pod)) }
        for pod in plan.end + plan.withdraw where store[key(of: pod)]?.isDeleting == false {
            discard(key(of: pod))
            recordEvent(
                on: job, type: "Normal", reason: "SuccessfulDelete", message: "Deleted pod: \(pod.name)",
                component: "job-controller")
        }
        // One write says what is so after all that; only then are pods let go whose end it counts.
        var updated = job
        updated["status"] = plan.status(with: JobReading(job: job, pods: pods(of: reference), now: now))
        if updated != job { updated = put(updated, at: reference.key) }
        for pod in plan.release { releaseTracking(key(of: pod)) }
        for event in plan.events {
            recordEvent(
                on: updated, type: event.type, reason: event.reason, message: event.message,
                component: "job-controller")
        }
    }

    private mutating func makePod(of job: JSONValue, index: Int?, _ reference: JobReference) -> Bool {
        do throws(KubeRefusal) {
            let pod = try create(.pods, namespace: reference.namespace, PodFromTemplate.make(job, index: index))
            jobFailures[reference]?.creations = 0
            recordEvent(
                on: job, type: "Normal", reason: "SuccessfulCreate", message: "Created pod: \(pod.name)",
                component: "job-controller")
            return true
        } catch {
            let moment = now
            jobFailures[reference, default: JobFailures()].creations += 1
            jobFailures[reference]?.lastCreation = moment
            if let hold = jobFailures[reference].flatMap(holdUntil) { setTimer(reference, hold) }
            recordEvent(
                on: job, type: "Warning", reason: "FailedCreate", message: "Error creating: \(error.message)",
                component: "job-controller")
            return false
        }
    }

    /// Takes the Job controller's finalizer off a pod, which may go then.
    mutating func releaseTracking(_ key: ObjectKey) {
        guard key.kind == .pods, var pod = store[key], JobReading.isTracked(pod) else { return }
        pod.setFinalizers(pod.finalizers.filter { $0 != JobReading.trackingFinalizer })
        if pod.isDeleting, mayGo(pod, .pods) { remove(key) } else { put(pod, at: key) }
    }
}

/// Makes a pod out of a Job's template.
enum PodFromTemplate {
    static func make(_ job: JSONValue, index: Int?) -> JSONValue {
        let template = job.at("spec", "template") ?? [:]
        var pod: JSONValue = ["metadata": template["metadata"] ?? [:], "spec": template["spec"] ?? [:]]
        let stem = index.map { "\(job.name)-\($0)" } ?? job.name
        pod.set(nil, "metadata", "name")
        pod.set(.string(String(stem.prefix(57)) + "-"), "metadata", "generateName")
        pod.setFinalizers(pod.finalizers + [JobReading.trackingFinalizer])
        pod.set(
            [
                [
                    "apiVersion": "batch/v1", "kind": "Job", "name": .string(job.name), "uid": .string(job.uid),
                    "controller": true, "blockOwnerDeletion": true,
                ]
            ], "metadata", "ownerReferences")
        if let index { mark(&pod, index: index, stem: stem) }
        return pod
    }

    private static func mark(_ pod: inout JSONValue, index: Int, stem: String) {
        let text = JSONValue.string(String(index))
        pod.set(text, "metadata", "annotations", JobReading.indexKey)
        pod.set(text, "metadata", "labels", JobReading.indexKey)
        pod.setDefault(.string(stem), "spec", "hostname")
        let variable: JSONValue = [
            "name": "JOB_COMPLETION_INDEX",
            "valueFrom": [
                "fieldRef": ["fieldPath": .string("metadata.labels['\(JobReading.indexKey)']")]
            ],
        ]
        for list in ["initContainers", "containers"] {
            let containers = pod.list("spec", list)
            if containers.isEmpty { continue }
            pod.set(
                .array(
                    containers.map {
                        var container = $0
                        container["env"] = .array(container.list("env") + [variable])
                        return container
                    }), "spec", list)
        }
    }
}
