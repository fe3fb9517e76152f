import HTTP
import JSON
import OS
import Testing

@testable import KubeClient

@Suite struct ObjectTests {
    @Test func `a pod reads every container's state`() throws {
        let pod = Pod(
            raw: try JSONValue(
                parsing: """
                    {"metadata":{"name":"p","namespace":"n","uid":"u","labels":{"a":"b"},"deletionTimestamp":"2026-01-02T03:04:05Z",
                     "ownerReferences":[{"kind":"Job","name":"j","uid":"ju","controller":true}]},
                     "spec":{"nodeName":"gpu-3","containers":[{"name":"main"}],"initContainers":[{"name":"init"}]},
                     "status":{"phase":"Failed","reason":"Evicted","message":"low on disk","startTime":"2026-01-02T03:00:00Z",
                      "conditions":[{"type":"PodScheduled","status":"True"},{"type":"Ready","status":"False","reason":"X","message":"y"}],
                      "initContainerStatuses":[{"name":"init","state":{"waiting":{"reason":"ImagePullBackOff","message":"m"}},"lastState":{}}],
                      "containerStatuses":[
                       {"name":"main","restartCount":2,"state":{"terminated":{"exitCode":137,"signal":9,"reason":"OOMKilled","message":"v","finishedAt":"2026-01-02T03:04:00Z"}},
                        "lastState":{"terminated":{"exitCode":1}}},
                       {"name":"side","state":{"running":{"startedAt":"2026-01-02T03:00:01Z"}}},
                       {"name":"new"}]}}
                    """))
        #expect(pod.phase == .failed && pod.phase.isTerminal && pod.reason == "Evicted" && pod.nodeName == "gpu-3")
        #expect(pod.isDeleting && pod.deletionTimestamp == Timestamp(iso: "2026-01-02T03:04:05Z"))
        #expect(pod.controller?.uid == "ju" && pod.controller?.kind == "Job")
        #expect(pod.condition("PodScheduled")?.isTrue == true && pod.condition("Ready")?.isTrue == false)
        #expect(pod.initContainerStatuses.map(\.state) == [.waiting(reason: "ImagePullBackOff", message: "m")])
        #expect(pod.initContainerStatuses[0].lastState == nil)
        let main = pod.containerStatuses[0]
        #expect(main.state.termination?.exitCode == 137 && main.state.termination?.reason == "OOMKilled")
        #expect(main.state.termination?.signal == 9 && main.restartCount == 2)
        #expect(main.lastState?.termination?.exitCode == 1)
        #expect(pod.containerStatuses[1].state == .running(startedAt: Timestamp(iso: "2026-01-02T03:00:01Z")))
        #expect(pod.containerStatuses[2].state == .waiting(reason: nil, message: nil))
    }

    @Test func `an empty object reads as nothing, never as a crash`() {
        let pod = Pod(raw: nil)
        #expect(pod.name == "" && pod.phase == .pending && pod.containerStatuses.isEmpty && pod.labels.isEmpty)
        #expect(Job(raw: [1, 2]).parallelism == 1)
    }

    @Test func `fields this project does not know survive a change`() throws {
        var job = Job(raw: try JSONValue(parsing: #"{"metadata":{"name":"j","odd":{"x":1}},"spec":{"new":[1.50]}}"#))
        job.labels = ["b": "2", "a": "1"]
        job.finalizers = ["x/y"]
        job.resourceVersion = "3"
        #expect(
            job.raw.text()
                == #"{"metadata":{"name":"j","odd":{"x":1},"labels":{"a":"1","b":"2"},"finalizers":["x/y"],"resourceVersion":"3"},"spec":{"new":[1.50]}}"#
        )
        job.resourceVersion = nil
        #expect(job.resourceVersion == nil && job.metadata["resourceVersion"] == nil)
    }

    @Test func `a new object carries version, kind and metadata`() {
        let lease = Lease(name: "l", namespace: "n", annotations: ["a": "b"])
        #expect(
            lease.raw == [
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": ["name": "l", "namespace": "n", "annotations": ["a": "b"]],
            ])
    }

    @Test func `a Secret shows nothing of its values`() {
        var secret = KubernetesSecret(name: "s", namespace: "n")
        secret.setValue(Secret(Array("hunter2".utf8)), for: "password")
        #expect(secret.raw.at("data", "password") == "aHVudGVyMg==")
        #expect(secret.value("password")?.reveal() == Array("hunter2".utf8))
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped] {
            #expect(!text.contains("aHVu") && !text.contains("hunter2"))
        }
    }

    @Test func `an event's time is the latest that its writer filled in`() {
        let old = CoreEvent(raw: [
            "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:01:00Z", "count": 3,
        ])
        #expect(old.lastSeen == Timestamp(iso: "2026-01-01T00:01:00Z") && old.count == 3)
        let new = CoreEvent(raw: [
            "firstTimestamp": nil, "lastTimestamp": nil, "eventTime": "2026-01-01T00:02:00.123456Z",
        ])
        #expect(new.lastSeen == Timestamp(iso: "2026-01-01T00:02:00.123Z") && new.count == 1)
    }

    @Test func `a Job has ended when a condition says so`() {
        let job = Job(raw: [
            "status": [
                "failed": 1, "conditions": [["type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"]],
            ]
        ])
        #expect(job.isFailed && job.isTerminal && !job.isComplete && job.failed == 1)
        #expect(!Job(raw: ["status": ["conditions": [["type": "Complete", "status": "False"]]]]).isTerminal)
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ])
    func `base64 is RFC 4648's`(plain: String, coded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == coded)
        #expect(Base64.decode(coded) == Array(plain.utf8))
    }

    @Test(arguments: ["Zg", "Zg=", "Z===", "Zg==Zg==", "Zm9v*", "=Zg="])
    func `what is no base64 is refused`(text: String) { #expect(Base64.decode(text) == nil) }

    @Test func `all bytes survive base64`() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
}
