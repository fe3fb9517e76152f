import Handoff
import JSON
import KubeClient

/// Our Jobs and their pods, as two watches keep them. A hint: what must be certain is read from the API server itself.
struct ClusterView: Sendable {
    private let jobReflector: Reflector<Job>
    private let podReflector: Reflector<Pod>
    private let departed: DepartedPods

    init(kube: KubernetesClient, namespace: String, instance: String) throws(LabelSelector.Malformed) {
        let selector = try LabelSelector([Handoff.Label.instance: instance])
        jobReflector = Reflector(client: kube, namespace: namespace, labels: selector) { Self.trim(&$0.raw) }
        let departed = DepartedPods()
        self.departed = departed
        podReflector = Reflector(
            client: kube, namespace: namespace, labels: selector, trim: { Self.trim(&$0.raw) },
            departed: { pod in
                if let job = pod.labels[Handoff.Label.jobUID] { departed.add(PodReading(pod.raw), job: job) }
            })
    }

    /// Keeps both up to date until cancelled, and names each task that may have changed.
    func run(changes: Changes) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await jobReflector.run() }
            group.addTask { await podReflector.run() }
            for stream in [jobReflector.changes(), podReflector.changes()] {
                group.addTask {
                    for await key in stream {
                        if let name = JobName(ofJobOrPod: key.name) { changes.add([name.task]) }
                    }
                }
            }
        }
    }

    /// Returns once both have seen a whole list.
    func waitUntilReady(within deadline: Duration) async throws {
        try await jobReflector.waitUntilReady(deadline: deadline)
        try await podReflector.waitUntilReady(deadline: deadline)
    }

    /// Our Jobs now, each with its pods. A pod whose Job is gone belongs to no Job here: live reads find it.
    func jobs() -> [JobFacts] {
        var pods: [String: [PodReading]] = [:]
        for pod in podReflector.snapshot().values {
            guard let owner = pod.labels[Handoff.Label.jobUID] else { continue }
            pods[owner, default: []].append(PodReading(pod.raw))
        }
        let jobs = jobReflector.snapshot().values
        let ends = departed.ofJobs(Set(jobs.map(\.uid)))
        return jobs.compactMap { job in
            let present = pods[job.uid] ?? []
            let gone = (ends[job.uid] ?? []).filter { end in !present.contains { $0.uid == end.uid } }
            return JobFacts(job.raw, pods: (present + gone).sorted { $0.name < $1.name })
        }
    }

    /// What we never look at again.
    private static func trim(_ object: inout JSONValue) {
        object["metadata"]?["managedFields"] = nil
    }
}
