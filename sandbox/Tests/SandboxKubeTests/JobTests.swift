import JSON
import Testing

@testable import SandboxKube

@Suite struct JobTests {
    @Test func `a pod is made of the template`() throws {
        let cluster = try Cluster { $0.makeSuffix = { "zzzzz" } }
        let job = try cluster.start("one") {
            $0.set(["note": "x"], "spec", "template", "metadata", "annotations")
            $0.set("value", "spec", "template", "metadata", "labels", "mine")
        }
        let pod = try #require(cluster.pods.first)
        #expect(cluster.pods.count == 1)
        #expect(pod.name == "one-zzzzz")
        #expect(pod.string("metadata", "generateName") == "one-")
        #expect(pod.finalizers == ["batch.kubernetes.io/job-tracking"])
        #expect(pod.labels["mine"] == "value")
        for key in ["controller-uid", "batch.kubernetes.io/controller-uid"] {
            #expect(pod.labels[key]?.string == job.uid)
        }
        for key in ["job-name", "batch.kubernetes.io/job-name"] { #expect(pod.labels[key] == "one") }
        #expect(pod.at("metadata", "annotations") == ["note": "x"])
        #expect(
            pod.ownerReferences == [
                [
                    "apiVersion": "batch/v1", "kind": "Job", "name": "one", "uid": .string(job.uid),
                    "controller": true, "blockOwnerDeletion": true,
                ]
            ])
        #expect(pod.phase == "Pending")
        #expect(
            job["status"] == [
                "active": 1, "ready": 0, "startTime": "2026-11-18T11:06:40Z", "terminating": 0,
                "uncountedTerminatedPods": [:],
            ])
        #expect(cluster.events(of: job) == ["SuccessfulCreate: Created pod: one-zzzzz"])
    }

    @Test func `a held Job starts when it is released`() throws {
        let cluster = try Cluster()
        let job = try cluster.start("held") { $0.set(0, "spec", "parallelism") }
        #expect(cluster.pods.isEmpty)
        #expect(job["status"]?.string("startTime") != nil)
        try cluster.sandbox.update(.jobs, namespace: "default", name: "held") { job throws(KubeRefusal) in
            job.set(1, "spec", "parallelism")
        }
        cluster.sandbox.settle()
        let pod = try #require(cluster.pods.first)
        try cluster.run(pod)
        #expect(try cluster.job("held").int("status", "ready") == 1)
        try cluster.setPhase(pod, "Succeeded")
        let done = try cluster.job("held")
        #expect(
            cluster.conditions(done) == [
                "SuccessCriteriaMet=True CompletionsReached", "Complete=True CompletionsReached",
            ])
        #expect(done.string("status", "completionTime") != nil)
        #expect(done.int("status", "succeeded") == 1)
        #expect(done.at("status", "active") == nil)
        #expect(cluster.pods.first?.finalizers == [])
        #expect(cluster.events(of: done).contains("Completed: Job completed"))
    }

    @Test func `a failed pod fails a Job without retries`() throws {
        let cluster = try Cluster()
        try cluster.start("j")
        let pod = try #require(cluster.pods.first)
        try cluster.run(pod)
        try cluster.setPhase(pod, "Failed", exitCode: 42)
        let job = try cluster.job("j")
        #expect(
            cluster.conditions(job) == ["FailureTarget=True BackoffLimitExceeded", "Failed=True BackoffLimitExceeded"])
        #expect(job.condition("Failed")?.string("message") == "Job has reached the specified backoff limit")
        #expect(job.int("status", "failed") == 1)
        cluster.clock.advance(.seconds(3600))
        cluster.sandbox.settle()
        #expect(cluster.pods.map(\.name) == [pod.name], "no second pod, and the first stays to be read")
    }

    @Test func `a deleted pod fails the Job once it has ended`() throws {
        let cluster = try Cluster()
        try cluster.start("j")
        let pod = try #require(cluster.pods.first)
        try cluster.run(pod)
        try cluster.sandbox.delete(.pods, namespace: "default", name: pod.name)
        cluster.sandbox.settle()
        #expect(cluster.conditions(try cluster.job("j")) == ["FailureTarget=True BackoffLimitExceeded"])
        #expect(try cluster.job("j").int("status", "terminating") == 1)
        #expect(cluster.pods.first?.finalizers == [], "counted as failed at once")
        try cluster.setPhase(pod, "Failed")
        try cluster.sandbox.deleteFinally(pod: pod.name, namespace: "default", uid: pod.uid)
        cluster.sandbox.settle()
        #expect(cluster.conditions(try cluster.job("j")).last == "Failed=True BackoffLimitExceeded")
        #expect(cluster.pods.isEmpty)
    }

    @Test func `a Job that replaces only failed pods waits for the end`() throws {
        let cluster = try Cluster { $0.podFailureBackoff = .seconds(1) }
        try cluster.start("j") {
            $0.set("Failed", "spec", "podReplacementPolicy")
            $0.set(1, "spec", "backoffLimit")
        }
        let pod = try #require(cluster.pods.first)
        try cluster.run(pod)
        try cluster.sandbox.delete(.pods, namespace: "default", name: pod.name)
        cluster.sandbox.settle()
        #expect(cluster.pods.count == 1)
        #expect(try cluster.job("j").at("status", "failed") == nil)
        try cluster.setPhase(pod, "Failed")
        #expect(try cluster.job("j").int("status", "failed") == 1)
        cluster.clock.advance(.seconds(2))
        cluster.sandbox.settle()
        #expect(cluster.pods.count == 2)
    }

    @Test func `retries wait longer each time`() throws {
        let cluster = try Cluster()
        try cluster.start("j") { $0.set(2, "spec", "backoffLimit") }
        for (wait, expected) in [(10, 2), (20, 3)] {
            let pod = try #require(cluster.pods.first { !$0.isTerminalPod })
            try cluster.setPhase(pod, "Failed")
            cluster.clock.advance(.seconds(wait - 1))
            cluster.sandbox.settle()
            #expect(cluster.pods.count == expected - 1)
            cluster.clock.advance(.seconds(1))
            cluster.sandbox.settle()
            #expect(cluster.pods.count == expected)
        }
        try cluster.setPhase(try #require(cluster.pods.first { !$0.isTerminalPod }), "Failed")
        #expect(try cluster.job("j").isTrue("Failed"))
        #expect(try cluster.job("j").int("status", "failed") == 3)
    }

    @Test func `the deadline ends a Job`() throws {
        let cluster = try Cluster()
        try cluster.start("j") { $0.set(6, "spec", "activeDeadlineSeconds") }
        let pod = try #require(cluster.pods.first)
        try cluster.run(pod)
        cluster.clock.advance(.seconds(6))
        cluster.sandbox.settle()
        var job = try cluster.job("j")
        #expect(cluster.conditions(job) == ["FailureTarget=True DeadlineExceeded"])
        #expect(job.int("status", "failed") == 1)
        #expect(cluster.pods.first?.int("metadata", "deletionGracePeriodSeconds") == 30)
        #expect(cluster.events(of: job).contains("SuccessfulDelete: Deleted pod: \(pod.name)"))
        try cluster.sandbox.deleteFinally(pod: pod.name, namespace: "default", uid: pod.uid)
        cluster.sandbox.settle()
        job = try cluster.job("j")
        #expect(job.condition("Failed")?.string("message") == "Job was active longer than specified deadline")
        #expect(job.int("status", "failed") == 1)
    }

    @Test func `a suspended Job gives up its pods without failing`() throws {
        let cluster = try Cluster()
        try cluster.start("j") { $0.set(true, "spec", "suspend") }
        #expect(cluster.pods.isEmpty)
        #expect(cluster.conditions(try cluster.job("j")) == ["Suspended=True JobSuspended"])
        func suspend(_ value: Bool) throws {
            try cluster.sandbox.update(.jobs, namespace: "default", name: "j") { job throws(KubeRefusal) in
                job.set(.bool(value), "spec", "suspend")
            }
            cluster.sandbox.settle()
        }
        try suspend(false)
        let pod = try #require(cluster.pods.first)
        try cluster.run(pod)
        #expect(cluster.conditions(try cluster.job("j")) == ["Suspended=False JobResumed"])
        try suspend(true)
        try cluster.sandbox.deleteFinally(pod: pod.name, namespace: "default", uid: pod.uid)
        cluster.sandbox.settle()
        let job = try cluster.job("j")
        #expect(job.at("status", "failed") == nil)
        #expect(job.at("status", "startTime") == nil)
        #expect(cluster.conditions(job) == ["Suspended=True JobSuspended"])
    }

    @Test func `a failure policy decides by exit code`() throws {
        let cluster = try Cluster()
        let policy: JSONValue = [
            "rules": [
                ["action": "Ignore", "onPodConditions": [["type": "DisruptionTarget"]]],
                [
                    "action": "FailJob",
                    "onExitCodes": ["containerName": "task", "operator": "In", "values": [42]],
                ],
            ]
        ]
        try cluster.start("j") {
            $0.set(policy, "spec", "podFailurePolicy")
            $0.set(3, "spec", "backoffLimit")
        }
        let pod = try #require(cluster.pods.first)
        try cluster.setPhase(pod, "Failed", exitCode: 42)
        #expect(
            try cluster.job("j").condition("Failed")?.string("message")
                == "Container task for pod default/\(pod.name) failed with exit code 42 matching FailJob rule at index 1"
        )
        #expect(try cluster.job("j").condition("Failed")?.string("reason") == "PodFailurePolicy")
    }

    @Test func `indexed Jobs run each index once`() throws {
        let cluster = try Cluster()
        try cluster.start("i") {
            $0.set("Indexed", "spec", "completionMode")
            $0.set(3, "spec", "completions")
            $0.set(2, "spec", "parallelism")
        }
        func running() -> [JSONValue] { cluster.pods.filter { !$0.isTerminalPod } }
        #expect(running().map { JobReading.index(of: $0) } == [0, 1])
        #expect(cluster.pods[0].string("spec", "hostname") == "i-0")
        try cluster.setPhase(running()[1], "Succeeded")
        #expect(try cluster.job("i").string("status", "completedIndexes") == "1")
        #expect(running().map { JobReading.index(of: $0) } == [0, 2])
        for pod in running() { try cluster.setPhase(pod, "Succeeded") }
        #expect(try cluster.job("i").string("status", "completedIndexes") == "0-2")
        #expect(try cluster.job("i").isTrue("Complete"))
    }

    @Test func `pods that may not be made are an event and tried again`() throws {
        let cluster = try Cluster()
        try cluster.sandbox.create(
            .resourceQuotas, namespace: "default",
            ["metadata": ["name": "q"], "spec": ["hard": ["pods": "0"]]])
        let job = try cluster.start("j")
        #expect(cluster.pods.isEmpty)
        #expect(
            cluster.events(of: job).first?.hasSuffix(
                "is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0") == true)
        try cluster.sandbox.delete(.resourceQuotas, namespace: "default", name: "q")
        cluster.clock.advance(.seconds(1))
        cluster.sandbox.settle()
        #expect(cluster.pods.count == 1)
    }

    @Test func `a finished Job goes after its time`() throws {
        let cluster = try Cluster()
        try cluster.start("j") { $0.set(5, "spec", "ttlSecondsAfterFinished") }
        try cluster.setPhase(try #require(cluster.pods.first), "Succeeded")
        cluster.clock.advance(.seconds(4))
        cluster.sandbox.settle()
        #expect(cluster.sandbox.get(.jobs, namespace: "default", name: "j") != nil)
        cluster.clock.advance(.seconds(1))
        cluster.sandbox.settle()
        #expect(cluster.sandbox.get(.jobs, namespace: "default", name: "j") == nil)
        #expect(cluster.pods.isEmpty)
    }

    @Test func `restarts of a container count when it may restart`() throws {
        let cluster = try Cluster()
        try cluster.start("j") {
            $0.set("OnFailure", "spec", "template", "spec", "restartPolicy")
            $0.set(2, "spec", "backoffLimit")
        }
        let pod = try #require(cluster.pods.first)
        try cluster.run(pod)
        for restarts in 1...2 {
            #expect(try cluster.job("j").condition("FailureTarget") == nil)
            try cluster.sandbox.updateStatus(.pods, namespace: "default", name: pod.name) {
                pod throws(KubeRefusal) in
                pod.set(
                    [["name": "task", "restartCount": .integer(Int64(restarts))]], "status", "containerStatuses")
            }
            cluster.sandbox.settle()
        }
        #expect(try cluster.job("j").condition("FailureTarget")?.string("reason") == "BackoffLimitExceeded")
        #expect(cluster.pods.first?.isDeleting == true)
    }

    @Test func `less parallelism withdraws pods, and they count as nothing`() throws {
        let cluster = try Cluster()
        try cluster.start("j") {
            $0.set(3, "spec", "parallelism")
            $0.set(3, "spec", "completions")
        }
        #expect(cluster.pods.count == 3)
        try cluster.run(try #require(cluster.pods.last))
        try cluster.sandbox.update(.jobs, namespace: "default", name: "j") { job throws(KubeRefusal) in
            job.set(1, "spec", "parallelism")
        }
        cluster.sandbox.settle()
        #expect(cluster.pods.map(\.phase) == ["Running"], "those that had not begun went")
        let job = try cluster.job("j")
        #expect(job.int("status", "active") == 1)
        #expect(job.at("status", "failed") == nil)
    }

    @Test func `a Job without completions is done when its pods say so`() throws {
        let cluster = try Cluster()
        try cluster.start("j") { $0.set(2, "spec", "parallelism") }
        #expect(cluster.pods.count == 2)
        let pods = cluster.pods
        try cluster.setPhase(pods[0], "Succeeded")
        #expect(try cluster.job("j").isTrue("Complete") == false)
        #expect(cluster.pods.count == 2, "no pod is made after the first success")
        try cluster.setPhase(pods[1], "Succeeded")
        #expect(try cluster.job("j").isTrue("Complete"))
        #expect(try cluster.job("j").int("status", "succeeded") == 2)
    }
}
