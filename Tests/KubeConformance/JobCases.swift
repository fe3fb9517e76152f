import JSON
import KubeClient

extension ConformanceCase {
    static let jobs: [ConformanceCase] = [
        ConformanceCase("job.defaults") { target in
            let made = try await target.client.create(target.job(target.unique("plain"), parallelism: 0)).object
            try check("parallelism", made.raw.at("spec", "parallelism"), is: 0)
            // The label's prefix came with 1.27.
            let selector = made.raw.at("spec", "selector", "matchLabels")
            let selected = selector?["batch.kubernetes.io/controller-uid"] ?? selector?["controller-uid"]
            try check("selector", selected, is: .string(made.uid))
            let labels = made.template?.at("metadata", "labels")
            try check("template's uid", labels?["controller-uid"], is: .string(made.uid))
            try check("template's job", labels?["job-name"], is: .string(made.name))
            var plain = target.job(target.unique("plain"))
            plain.spec?["backoffLimit"] = nil
            let other = try await target.client.create(plain, dryRun: true).object
            try check("parallelism unless given", other.raw.at("spec", "parallelism"), is: 1)
            try check("completions unless given", other.raw.at("spec", "completions"), is: 1)
            try check("backoffLimit unless given", other.raw.at("spec", "backoffLimit"), is: 6)
        },
        ConformanceCase("job.restartPolicy-always-422") { target in
            let error = try await refusal("restartPolicy Always") {
                var job = target.job(target.unique("bad"))
                job.raw["spec"]?["template"]?["spec"]?["restartPolicy"] = "Always"
                _ = try await target.client.create(job)
            }
            try check(error, 422, "Invalid")
            try check("field", error.status?.causes.first?.field, is: "spec.template.spec.restartPolicy")
        },
        ConformanceCase("job.selector-of-ones-own-422") { target in
            let error = try await refusal("a selector") {
                var job = target.job(target.unique("bad"))
                job.spec?["selector"] = ["matchLabels": ["a": "b"]]
                _ = try await target.client.create(job)
            }
            try check(error, 422, "Invalid")
        },
        ConformanceCase("job.held-until-parallelism-is-1") { target in
            let name = target.unique("held")
            var job = target.job(name, parallelism: 0)
            job.finalizers = ["glue.test/hold"]
            job.raw["spec"]?["template"]?["spec"]?["schedulerName"] = "glue-conformance-nobody"
            let made = try await target.client.create(job).object
            try await Task.sleep(for: .seconds(2))
            try check("pods while held", try await pods(target, name).count, is: 0)
            let version = try await target.client.get(Job.self, name, namespace: target.namespace).resourceVersion ?? ""
            _ = try await target.client.patch(
                Job.self, name, namespace: target.namespace,
                .merge(["spec": ["parallelism": 1], "metadata": ["resourceVersion": .string(version)]]))
            let pod = try await target.eventually("a pod") { try await pods(target, name).first }
            try check("owner", pod.controller?.uid, is: made.uid)
            try check("owner's kind", pod.controller?.kind, is: "Job")
            try check("job-name", pod.labels["job-name"], is: name)
            try check("controller-uid", pod.labels["controller-uid"], is: made.uid)
            try check(
                pod.name.hasPrefix(name + "-") && pod.name.count == name.count + 6, "the pod's name is \(pod.name)")
            _ = try await target.eventually("active 1") {
                try await target.client.get(Job.self, name, namespace: target.namespace).active == 1 ? true : nil
            }
            // Deleted with its finalizer on, it keeps its pod until the finalizer goes.
            try await target.client.delete(
                Job.self, name, namespace: target.namespace, .init(propagation: .background))
            try await Task.sleep(for: .seconds(1))
            try check("pods of the held Job", try await pods(target, name).map(\.uid), is: [pod.uid])
            _ = try await target.client.patch(
                Job.self, name, namespace: target.namespace, .merge(["metadata": ["finalizers": nil]]))
            try await target.gone(Job.self, name)
            _ = try await target.eventually("its pod gone") { try await pods(target, name).isEmpty ? true : nil }
        },
        ConformanceCase("job.orphaned-pod-stays") { target in
            let name = target.unique("orphan")
            var job = target.job(name, parallelism: 1)
            job.raw["spec"]?["template"]?["spec"]?["schedulerName"] = "glue-conformance-nobody"
            _ = try await target.client.create(job)
            let pod = try await target.eventually("a pod") { try await pods(target, name).first }
            try await target.client.delete(Job.self, name, namespace: target.namespace, .init(propagation: .orphan))
            try await target.gone(Job.self, name)
            let left = try await target.eventually("the pod without its owner") {
                try await pods(target, name).first { $0.ownerReferences.isEmpty }
            }
            try check("uid", left.uid, is: pod.uid)
            try await target.client.delete(
                Pod.self, pod.name, namespace: target.namespace, .init(gracePeriodSeconds: 0))
        },
        ConformanceCase("job.complete-from-its-pod's-phase") { target in
            let job = try await ended(target, phase: "Succeeded")
            try check(job.isComplete && !job.isFailed && job.succeeded == 1, "its status is \(job.rawStatus ?? nil)")
            try check(job.completionTime != nil, "there is no completionTime")
        },
        ConformanceCase("job.failed-from-its-pod's-phase") { target in
            let job = try await ended(target, phase: "Failed")
            try check(job.isFailed && !job.isComplete && job.failed == 1, "its status is \(job.rawStatus ?? nil)")
            try check("reason", job.condition("Failed")?.reason, is: "BackoffLimitExceeded")
        },
    ]

    private static func pods(_ target: Target, _ job: String) async throws -> [Pod] {
        try await target.client.list(
            Pod.self, namespace: target.namespace, .init(labels: try LabelSelector(["job-name": job]))
        ).items
    }

    /// A Job whose pod, of no kubelet, is said to have ended so.
    private static func ended(_ target: Target, phase: String) async throws -> Job {
        let name = target.unique("ended")
        var job = target.job(name)
        job.raw["spec"]?["template"]?["spec"]?["schedulerName"] = "glue-conformance-nobody"
        _ = try await target.client.create(job)
        let pod = try await target.eventually("a pod") { try await pods(target, name).first }
        _ = try await target.client.patch(
            Pod.self, pod.name, namespace: target.namespace, .merge(["status": ["phase": .string(phase)]]),
            subresource: "status")
        return try await target.eventually("the Job's end") {
            let job = try await target.client.get(Job.self, name, namespace: target.namespace)
            return job.isTerminal ? job : nil
        }
    }
}
