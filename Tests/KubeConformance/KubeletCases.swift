import JSON
import KubeClient

extension ConformanceCase {
    /// What needs something that runs pods.
    static let kubelet: [ConformanceCase] = [
        ConformanceCase("kubelet.pod-succeeds-with-its-message") { target in
            let pod = try await ended(
                target, "echo out; echo err >&2; printf verdict >/dev/termination-log; exit 0")
            try check("phase", pod.phase, is: .succeeded)
            let end = pod.containerStatuses.first?.state.termination
            try check("exit", end?.exitCode, is: 0)
            try check("reason", end?.reason, is: "Completed")
            try check("message", end?.message, is: "verdict")
            try check(end?.startedAt != nil && end?.finishedAt != nil, "its times are missing")
            try check("PodScheduled", pod.condition("PodScheduled")?.isTrue, is: true)
            try check("Initialized", pod.condition("Initialized")?.isTrue, is: true)
            try check(pod.nodeName?.isEmpty == false && pod.startTime != nil, "node or start time is missing")
            let log = try await target.client.log(pod: pod.name, namespace: target.namespace)
            try check("log", log.split(separator: "\n").map(String.init).sorted(), is: ["err", "out"])
        },
        ConformanceCase("kubelet.pod-fails-with-its-exit-code") { target in
            let pod = try await ended(target, "exit 7")
            try check("phase", pod.phase, is: .failed)
            try check("exit", pod.containerStatuses.first?.state.termination?.exitCode, is: 7)
            try check("reason", pod.containerStatuses.first?.state.termination?.reason, is: "Error")
        },
        ConformanceCase("kubelet.log-tail") { target in
            let pod = try await ended(target, "for i in 1 2 3 4 5; do echo line $i; done")
            let log = try await target.client.log(pod: pod.name, namespace: target.namespace, .init(tailLines: 2))
            try check("log", log, is: "line 4\nline 5\n")
        },
        ConformanceCase("kubelet.log-limit") { target in
            let pod = try await ended(target, "echo 0123456789")
            let log = try await target.client.log(
                pod: pod.name, namespace: target.namespace, .init(container: "main", limitBytes: 4))
            try check("log", log, is: "0123")
        },
        ConformanceCase("kubelet.log-of-a-running-pod") { target in
            let name = target.unique("run")
            _ = try await target.client.create(target.shellPod(name, "echo early; sleep 60"))
            let log = try await target.eventually("its first line", within: .seconds(60)) { () -> String? in
                guard try await target.client.get(Pod.self, name, namespace: target.namespace).phase == .running else {
                    return nil
                }
                let text = try await target.client.log(pod: name, namespace: target.namespace)
                return text.isEmpty ? nil : text
            }
            try check("log", log, is: "early\n")
            try await target.client.delete(Pod.self, name, namespace: target.namespace)
            try await target.gone(Pod.self, name)
        },
        ConformanceCase("kubelet.log-of-an-absent-container-400") { target in
            let pod = try await ended(target, "true")
            let error = try await refusal("an absent container") {
                _ = try await target.client.log(pod: pod.name, namespace: target.namespace, .init(container: "absent"))
            }
            try check(error, 400, "BadRequest")
        },
        ConformanceCase("kubelet.delete-sends-term") { target in
            let name = target.unique("term")
            var pod = target.shellPod(
                name, "trap 'printf gone >/dev/termination-log; exit 9' TERM; echo up; sleep 60 & wait")
            pod.finalizers = ["glue.test/hold"]
            _ = try await target.client.create(pod)
            _ = try await target.eventually("it is up", within: .seconds(60)) { () -> Bool? in
                guard try await target.client.get(Pod.self, name, namespace: target.namespace).phase == .running else {
                    return nil
                }
                let text = try await target.client.log(pod: name, namespace: target.namespace)
                return text.isEmpty ? nil : true
            }
            try await target.client.delete(Pod.self, name, namespace: target.namespace)
            let end = try await target.eventually("its end", within: .seconds(60)) {
                try await target.client.get(Pod.self, name, namespace: target.namespace)
                    .containerStatuses.first?.state.termination
            }
            try check("exit", end.exitCode, is: 9)
            try check("message", end.message, is: "gone")
            _ = try await target.client.patch(
                Pod.self, name, namespace: target.namespace, .merge(["metadata": ["finalizers": nil]]))
            try await target.gone(Pod.self, name)
        },
        ConformanceCase("kubelet.init-container-that-fails") { target in
            let name = target.unique("init")
            var pod = target.shellPod(name, "echo never")
            pod.spec?["initContainers"] = [
                ["name": "first", "image": .string(target.image), "command": ["/bin/sh", "-c", "exit 5"]]
            ]
            _ = try await target.client.create(pod)
            let ended = try await end(target, name)
            try check("phase", ended.phase, is: .failed)
            try check("init exit", ended.initContainerStatuses.first?.state.termination?.exitCode, is: 5)
            try check("main", ended.containerStatuses.first?.state.waitingReason, is: "PodInitializing")
        },
        ConformanceCase("kubelet.environment-from-secret-and-fields") { target in
            let name = target.unique("env")
            var secret = KubernetesSecret(name: name, namespace: target.namespace)
            secret.raw["stringData"] = ["key": "value"]
            _ = try await target.client.create(secret)
            var pod = target.shellPod(name, "echo $A $B $C")
            pod.labels = ["run": name]
            pod.raw["spec"]?["containers"] = [
                [
                    "name": "main", "image": .string(target.image), "command": ["/bin/sh", "-c", "echo $A $B $C"],
                    "env": [
                        ["name": "A", "valueFrom": ["secretKeyRef": ["name": .string(name), "key": "key"]]],
                        ["name": "B", "valueFrom": ["fieldRef": ["fieldPath": "metadata.labels['run']"]]],
                        ["name": "C", "value": "$(A)-c"],
                    ],
                ]
            ]
            _ = try await target.client.create(pod)
            _ = try await end(target, name)
            let log = try await target.client.log(pod: name, namespace: target.namespace)
            try check("log", log, is: "value \(name) value-c\n")
        },
        ConformanceCase("kubelet.job-completes") { target in
            let name = target.unique("whole")
            _ = try await target.client.create(target.job(name, script: "echo done"))
            let job = try await target.eventually("its end", within: .seconds(60)) {
                let job = try await target.client.get(Job.self, name, namespace: target.namespace)
                return job.isTerminal ? job : nil
            }
            try check(job.isComplete && job.succeeded == 1, "its status is \(job.rawStatus ?? nil)")
        },
        ConformanceCase("kubelet.image-that-cannot-be-pulled") { target in
            let name = target.unique("image")
            var pod = target.shellPod(name, "true")
            pod.raw["spec"]?["containers"] = [
                ["name": "main", "image": "glue.invalid/does-not-exist:1", "imagePullPolicy": "IfNotPresent"]
            ]
            _ = try await target.client.create(pod)
            let reason = try await target.eventually("its reason", within: .seconds(60)) { () -> String? in
                let pod = try await target.client.get(Pod.self, name, namespace: target.namespace)
                let reason = pod.containerStatuses.first?.state.waitingReason
                return reason == "ContainerCreating" ? nil : reason
            }
            try check(["ErrImagePull", "ImagePullBackOff"].contains(reason), "the reason is \(reason)")
            try await target.client.delete(Pod.self, name, namespace: target.namespace)
        },
    ]

    private static func ended(_ target: Target, _ script: String) async throws -> Pod {
        let name = target.unique("run")
        _ = try await target.client.create(target.shellPod(name, script))
        return try await end(target, name)
    }

    private static func end(_ target: Target, _ name: String) async throws -> Pod {
        try await target.eventually("the pod's end", within: .seconds(60)) {
            let pod = try await target.client.get(Pod.self, name, namespace: target.namespace)
            return pod.phase.isTerminal ? pod : nil
        }
    }
}
