import Foundation
import HTTP
import JSON
import OS
import SandboxKube
import Testing

@testable import SandboxKubelet

/// Pods as processes of this machine: what they see, how they end, what is left.
@Suite("The life of a pod", .timeLimit(.minutes(3)))
struct PodLifeTests {
    /// Processes of this machine that have `mark` in their command line.
    private func processes(_ mark: String) -> [Int] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { Int($0) }.filter { pid in
            guard let bytes = try? Files.read("/proc/\(pid)/cmdline") else { return false }
            return String(decoding: bytes, as: UTF8.self).contains(mark)
        }
    }

    @Test("it sees its volumes at their paths, its fields as variables, and a root that it cannot write to")
    func view() async throws {
        try await Cluster.with(binds: [HostBind(mountPath: "/opt/bound/here", hostPath: "/etc/hostname")]) { cluster in
            try cluster.kube.create(
                .secrets, namespace: "default",
                ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "s"], "data": ["key": "c2VjcmV0IHZhbHVl"]])
            try cluster.kube.create(
                .configMaps, namespace: "default",
                ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "c"], "data": ["a": "from a map"]])
            let script = """
                cat /etc/deep/secret/renamed; echo; cat /mnt/maps/a; echo; cat /mnt/empty/from-init; cat /mnt/sub/inner
                echo "$NAME $WHO $KEY $(echo $MAP) $EXPANDED"; touch /usr/denied 2>&1; touch /tmp/mine $HOME/mine && echo private
                test -s /opt/bound/here && echo bound; test -e \(cluster.folder)/pods && echo leaked; pwd; cat /proc/1/comm
                """
            let mounts: JSONValue = [
                ["name": "secret", "mountPath": "/etc/deep/secret", "readOnly": true],
                ["name": "map", "mountPath": "/mnt/maps"],
                ["name": "empty", "mountPath": "/mnt/empty"],
                ["name": "empty", "mountPath": "/mnt/sub", "subPath": "below"],
            ]
            try cluster.pod(
                "view", ["/bin/sh", "-c", script],
                container: [
                    "volumeMounts": mounts, "workingDir": "/no/such/folder",
                    "env": [
                        ["name": "NAME", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]],
                        ["name": "WHO", "valueFrom": ["fieldRef": ["fieldPath": "metadata.labels['who']"]]],
                        ["name": "KEY", "valueFrom": ["secretKeyRef": ["name": "s", "key": "key"]]],
                        ["name": "MAP", "valueFrom": ["configMapKeyRef": ["name": "c", "key": "a"]]],
                        ["name": "EXPANDED", "value": "<$(NAME)> $$(NAME)"],
                    ],
                ],
                spec: [
                    "volumes": [
                        [
                            "name": "secret",
                            "secret": ["secretName": "s", "items": [["key": "key", "path": "renamed"]]],
                        ],
                        ["name": "map", "configMap": ["name": "c"]], ["name": "empty", "emptyDir": [:]],
                    ],
                    "initContainers": [
                        [
                            "name": "first", "image": "any", "volumeMounts": [["name": "empty", "mountPath": "/e"]],
                            "command": [
                                "/bin/sh", "-c",
                                "echo init was here > /e/from-init; mkdir /e/below; echo inner > /e/below/inner",
                            ],
                        ]
                    ],
                ])
            let pod = await cluster.end("view")
            #expect(pod.exitCode == 0)
            let log = try await cluster.log("view")
            let expected = """
                secret value
                from a map
                init was here
                inner
                view me secret value from a map <view> $(NAME)
                touch: cannot touch '/usr/denied': Read-only file system
                private
                bound
                /no/such/folder
                sh

                """
            #expect(log == expected)
            #expect(try await cluster.log("view", query: "?tailLines=1") == "sh\n")
        }
    }

    // Kubernetes halves `$$` in commands, and PID 1 of a namespace cannot kill itself: hence a shell in a shell.
    @Test(
        "exit codes and signals are exact",
        arguments: [
            ("exit 0", 0, "Completed"), ("exit 75", 75, "Error"), ("exit 255", 255, "Error"),
            ("sh -c 'kill -9 $$$$'; exit $?", 137, "Error"), ("sh -c 'kill -15 $$$$'; exit $?", 143, "Error"),
            ("sh -c 'kill -6 $$$$'; exit $?", 134, "Error"),
        ])
    func exits(_ script: String, _ code: Int, _ reason: String) async throws {
        try await Cluster.with { cluster in
            try cluster.pod("p", ["/bin/sh", "-c", script])
            let pod = await cluster.end("p")
            #expect(pod.exitCode == code && pod.endReason == reason)
            #expect(pod.phase == (code == 0 ? "Succeeded" : "Failed"))
        }
    }

    @Test("a deleted pod gets SIGTERM and its grace, is shown as Failed, and goes")
    func deletion() async throws {
        try await Cluster.with { cluster in
            try cluster.pod("p", ["/bin/sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.02; done"])
            await cluster.until("p") { $0?.phase == "Running" }
            let watch = cluster.kube.watch(.pods, namespace: "default")
            try cluster.kube.delete(.pods, namespace: "default", name: "p")
            var seen: [Int?] = []
            for await change in watch where change.object.podName == "p" {
                seen.append(change.object.phase == "Failed" ? change.object.exitCode : nil)
                if change.kind == .deleted { break }
            }
            #expect(seen.last == 5)
            #expect(seen.count { $0 == 5 } >= 2, "the last status is shown before the pod goes")
        }
    }

    @Test("who does not listen to SIGTERM is killed after the grace, with all its children")
    func killing() async throws {
        let mark = "9\(Int.random(in: 100_000...999_999))"
        try await Cluster.with { cluster in
            try cluster.pod(
                "p", ["/bin/sh", "-c", "sleep \(mark) & sleep \(mark)"], spec: ["terminationGracePeriodSeconds": 1])
            await cluster.until("p") { $0?.phase == "Running" }
            #expect(!processes(mark).isEmpty)
            try cluster.kube.delete(.pods, namespace: "default", name: "p")
            await cluster.until("p") { $0 == nil }
            #expect(processes(mark).isEmpty)
        }
    }

    @Test("when the kubelet stops, no process of any pod is left")
    func stopping() async throws {
        let mark = "8\(Int.random(in: 100_000...999_999))"
        try await Cluster.with { cluster in
            for name in ["a", "b"] {
                try cluster.pod(name, ["/bin/sh", "-c", "trap '' TERM; sleep \(mark) & sleep \(mark)"])
            }
            for name in ["a", "b"] { await cluster.until(name) { $0?.phase == "Running" } }
            #expect(processes(mark).count >= 4)
        }
        #expect(processes(mark).isEmpty)
    }

    @Test("an evicted pod is Failed with the node's message, a lost one is gone without a word")
    func mishaps() async throws {
        try await Cluster.with { cluster in
            for name in ["evicted", "lost"] { try cluster.pod(name, ["/bin/sleep", "60"]) }
            for name in ["evicted", "lost"] { await cluster.until(name) { $0?.phase == "Running" } }
            #expect(
                cluster.kubelet.evict(
                    namespace: "default", name: "evicted", message: "The node was low on resource: memory."))
            let pod = await cluster.end("evicted")
            #expect(pod.at("status", "reason")?.string == "Evicted" && pod.exitCode == 137)
            #expect(
                pod.at("status", "conditions")?.array?.first { $0["type"]?.string == "DisruptionTarget" }?["reason"]?
                    .string
                    == "TerminationByKubelet")
            let watch = cluster.kube.watch(.pods, namespace: "default")
            #expect(cluster.kubelet.lose(namespace: "default", name: "lost"))
            for await change in watch where change.object.podName == "lost" {
                #expect(change.object.phase == "Running")
                if change.kind == .deleted { break }
            }
            #expect(!cluster.kubelet.lose(namespace: "default", name: "lost"))
        }
    }

    @Test("what is missing is waited for, and a failed container is started again with a wait between")
    func waits() async throws {
        try await Cluster.with { cluster in
            try cluster.pod("p", ["/bin/true"], container: ["envFrom": [["secretRef": ["name": "late"]]]])
            let waiting = await cluster.until("p") { $0?.waitReason == "CreateContainerConfigError" }
            #expect(waiting.taskState.at("waiting", "message")?.string == "secret \"late\" not found")
            try cluster.kube.create(
                .secrets, namespace: "default", ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "late"]])
            #expect(await cluster.end("p").exitCode == 0)

            let script = "n=$(cat /v/n 2>/dev/null || echo 0); echo attempt $n; echo $((n+1)) > /v/n; test $n = 2"
            try cluster.pod(
                "again", ["/bin/sh", "-c", script], container: ["volumeMounts": [["name": "v", "mountPath": "/v"]]],
                spec: ["restartPolicy": "OnFailure", "volumes": [["name": "v", "emptyDir": [:]]]])
            let back = await cluster.until("again") { $0?.waitReason == "CrashLoopBackOff" }
            #expect(back.at("status", "containerStatuses")?[0]?["restartCount"]?.int == 1)
            #expect(back.at("status", "containerStatuses")?[0]?.at("lastState", "terminated", "exitCode")?.int == 1)
            let pod = await cluster.end("again")
            #expect(pod.phase == "Succeeded" && pod.at("status", "containerStatuses")?[0]?["restartCount"]?.int == 2)
            #expect(try await cluster.log("again") == "attempt 2\n")
            #expect(try await cluster.log("again", query: "?previous=true") == "attempt 1\n")
        }
    }

    @Test("a pod that does not fit waits until another one ends")
    func capacity() async throws {
        try await Cluster.with(capacity: ["cpu": "8", "memory": "16Gi", "pods": "110", "nvidia.com/gpu": "1"]) {
            cluster in
            let asks: JSONValue = ["resources": ["limits": ["nvidia.com/gpu": "1"]]]
            try cluster.pod("first", ["/bin/sh", "-c", "trap 'exit 0' TERM; sleep 60 & wait"], container: asks)
            await cluster.until("first") { $0?.phase == "Running" }
            try cluster.pod("second", ["/bin/true"], container: asks)
            let waiting = await cluster.until("second") { $0?.at("status", "conditions")?.array?.isEmpty == false }
            let condition = waiting.at("status", "conditions")?[0]
            #expect(condition?["reason"]?.string == "Unschedulable")
            #expect(condition?["message"]?.string?.contains("1 Insufficient nvidia.com/gpu") == true)
            try cluster.kube.delete(.pods, namespace: "default", name: "first")
            #expect(await cluster.end("second").phase == "Succeeded")
        }
    }

    @Test("a pod waits for its claim, which keeps its content from pod to pod")
    func claims() async throws {
        try await Cluster.with { cluster in
            let spec: JSONValue = ["volumes": [["name": "v", "persistentVolumeClaim": ["claimName": "c"]]]]
            let mount: JSONValue = ["volumeMounts": [["name": "v", "mountPath": "/kept"]]]
            try cluster.pod("writer", ["/bin/sh", "-c", "echo kept > /kept/file"], container: mount, spec: spec)
            let waiting = await cluster.until("writer") { $0?.at("status", "conditions")?.array?.isEmpty == false }
            #expect(
                waiting.at("status", "conditions")?[0]?["message"]?.string
                    == "0/1 nodes are available: persistentvolumeclaim \"c\" not found.")
            try cluster.kube.create(
                .persistentVolumeClaims, namespace: "default",
                [
                    "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": ["name": "c"],
                    "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]]],
                ])
            #expect(await cluster.end("writer").phase == "Succeeded")
            try cluster.pod("reader", ["/bin/cat", "/kept/file"], container: mount, spec: spec)
            #expect(await cluster.end("reader").phase == "Succeeded")
            #expect(try await cluster.log("reader") == "kept\n")
        }
    }

    @Test("a followed log ends with its container and misses nothing")
    func followedLog() async throws {
        try await Cluster.with { cluster in
            try cluster.pod("p", ["/bin/sh", "-c", "for i in 1 2 3 4 5; do echo line $i; sleep 0.05; done"])
            await cluster.until("p") { $0?.phase == "Running" }
            let log = try await cluster.log("p", query: "?follow=true")
            #expect(log == "line 1\nline 2\nline 3\nline 4\nline 5\n")
        }
    }

    @Test("without bubblewrap there is one clear error")
    func noBubblewrap() async throws {
        let kube = try KubeSandbox(configuration: KubeConfiguration())
        let configuration = KubeletConfiguration(stateFolder: "/tmp/none", bubblewrap: "/no/such/bwrap")
        let error = await #expect(throws: KubeletError.self) {
            try await Kubelet(
                configuration: configuration, transport: InProcessTransport(to: kube), base: "", token: .init("t"))
        }
        #expect(error?.description.contains("bubblewrap is not at `/no/such/bwrap`") == true)
    }
}
