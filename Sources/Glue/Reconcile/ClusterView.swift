import Handoff
import JSON
import KubeClient

/// Our Jobs and their pods, as two watches keep them. A hint: what must be certain is read from the API server itself.
struct ClusterView: Sendable {
    private let jobReflector: Reflector<Job>
    private let podReflector: Reflector<Pod>

    init(kube: KubernetesClient, namespace: String, instance: String) throws(LabelSelector.Malformed) {
        let selector = try LabelSelector([Handoff.Label.instance: instance])
        jobReflector = Reflector(client: kube, namespace: namespace, labels: selector) { Self.trim(&$0.raw) }
        podReflector = Reflector(client: kube, namespace: namespace, labels: selector) { Self.trim(&$0.raw) }
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
        return jobReflector.snapshot().values.compactMap { job in
            JobFacts(job.raw, pods: (pods[job.uid] ?? []).sorted { $0.name < $1.name })
        }
    }

    /// What we never look at again.
    private static func trim(_ object: inout JSONValue) {
        object["metadata"]?["managedFields"] = nil
    }
}
