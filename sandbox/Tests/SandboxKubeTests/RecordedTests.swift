import JSON
import OS
import Synchronization
import Testing

@testable import SandboxKube

/// The Job controller against what a real Kubernetes 1.36 recorded: the same Job, pods with the recorded statuses, and
/// so the recorded status of the Job.
@Suite struct RecordedTests {
    /// Recorded Jobs whose pods were still there at the end.
    static let names = [
        "command-not-found", "config-error-secret", "emptydir-evicted", "ephemeral-evicted", "error-exit-42",
        "image-invalid-name", "image-never", "image-pull-network", "indexed", "init-failed", "mount-secret-missing",
        "oom-child", "oom-killed", "pod-deadline", "pod-failure-policy", "pvc-missing", "run-as-nonroot", "running",
        "scheduling-gated", "sidecar-crashes", "sidecar-running", "succeeded", "suspended", "termination-message",
        "unknown-scheduler", "unschedulable-gpu", "unschedulable-selector",
    ]

    @Test(arguments: names) func `a Job fares as recorded`(_ name: String) throws {
        let recorded = try Recorded(name)
        let nextID = Mutex<String?>(nil)
        let cluster = try Cluster {
            $0.makeID = { nextID.withLock { $0.take() } ?? KubeConfiguration.randomUID() }
        }
        try cluster.sandbox.create(.namespaces, ["metadata": ["name": "fx"]])
        nextID.withLock { $0 = recorded.job.uid }
        let made = try cluster.sandbox.create(.jobs, namespace: "fx", recorded.request)
        #expect(made["spec"]?.text(sorted: true) == recorded.job["spec"]?.text(sorted: true))
        cluster.sandbox.settle()
        var left = cluster.sandbox.list(.pods, namespace: "fx")
        #expect(left.count == recorded.pods.count)
        for pod in recorded.pods {
            let place = try #require(left.firstIndex { JobReading.index(of: $0) == JobReading.index(of: pod) })
            let own = left.remove(at: place)
            #expect(own.labels == pod.labels)
            #expect(own.at("metadata", "annotations") == pod.at("metadata", "annotations"))
            #expect(own.ownerReferences == pod.ownerReferences)
            #expect(own.string("metadata", "generateName") == pod.string("metadata", "generateName"))
            #expect(
                Recorded.comparable(own["spec"]).text(sorted: true)
                    == Recorded.comparable(pod["spec"]).text(sorted: true))
            #expect(own.at("status", "qosClass") == pod.at("status", "qosClass"))
            try cluster.sandbox.updateStatus(.pods, namespace: "fx", name: own.name) { object throws(KubeRefusal) in
                object["status"] = pod["status"]
            }
        }
        cluster.sandbox.settle()
        let job = try #require(cluster.sandbox.get(.jobs, namespace: "fx", name: recorded.job.name))
        var status = Recorded.withoutTimes(job["status"] ?? [:])
        if let pod = cluster.sandbox.list(.pods, namespace: "fx").first, recorded.pods.count == 1 {
            // The failure policy's message names the pod.
            status = try JSONValue(parsing: status.text().replacing(pod.name, with: recorded.pods[0].name))
        }
        #expect(status.text(sorted: true) == Recorded.withoutTimes(recorded.job["status"] ?? [:]).text(sorted: true))
        #expect(job.at("metadata", "generation") == recorded.job.at("metadata", "generation"))
    }

    struct Recorded {
        let job: JSONValue
        let pods: [JSONValue]

        init(_ name: String) throws {
            var folder = #filePath[...]
            for _ in 0..<4 { folder = folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)] }
            let content = try JSONValue(
                parsing: Files.read("\(folder)/Tests/GlueTests/Fixtures/kubernetes-1.36/\(name).json"))
            job = content["job"] ?? [:]
            pods = content.list("pods")
        }

        /// What a client may have sent.
        var request: JSONValue {
            var request: JSONValue = [
                "metadata": ["name": .string(job.name), "labels": job.at("metadata", "labels") ?? [:]],
                "spec": job["spec"] ?? [:],
            ]
            request.set(nil, "spec", "selector")
            for key in ["controller-uid", "job-name"] {
                request.set(nil, "spec", "template", "metadata", "labels", key)
                request.set(nil, "spec", "template", "metadata", "labels", "batch.kubernetes.io/\(key)")
            }
            return request
        }

        /// A pod's spec without what a scheduler and the service account's admission add to it.
        static func comparable(_ spec: JSONValue?) -> JSONValue {
            var spec = spec ?? [:]
            spec.set(nil, "nodeName")
            func isToken(_ value: JSONValue) -> Bool { value.string("name")?.hasPrefix("kube-api-access-") ?? false }
            let volumes = spec.list("volumes").filter { !isToken($0) }
            spec.set(volumes.isEmpty ? .none : .array(volumes), "volumes")
            for list in ["containers", "initContainers"] {
                let containers = spec.list(list).map { container in
                    var container = container
                    let mounts = container.list("volumeMounts").filter { !isToken($0) }
                    container.set(mounts.isEmpty ? .none : .array(mounts), "volumeMounts")
                    return container
                }
                if !containers.isEmpty { spec[list] = .array(containers) }
            }
            return spec
        }

        static func withoutTimes(_ value: JSONValue) -> JSONValue {
            switch value {
            case .string(let text) where Timestamp(iso: text) != nil: return "a time"
            case .array(let elements): return .array(elements.map(withoutTimes))
            case .object(let members):
                var result = JSONObject()
                for (key, member) in members { result[key] = withoutTimes(member) }
                return .object(result)
            default: return value
            }
        }
    }
}
