import HTTP
import JSON
import Synchronization
import Testing

@testable import KubeClient

@Suite(.timeLimit(.minutes(1))) struct ReflectorTests {
    private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "n", name: name) }

    @Test func `a new list names what changed, what came, and what vanished while nobody looked`() {
        var store = ObjectStore<Pod>()
        func object(_ name: String, _ version: String) -> Pod { Pod(raw: WatchScript.pod(name, version)) }
        for event in [.initial, .initialApply(object("a", "1")), .initialApply(object("b", "1"))] as [WatcherEvent<Pod>]
        {
            #expect(store.receive(event) == [])
        }
        #expect(!store.isReady && store.objects.isEmpty)
        #expect(store.receive(.initDone) == [key("a"), key("b")])
        #expect(store.isReady)
        #expect(store.receive(.initial) == [])
        #expect(store.receive(.initialApply(object("b", "1"))) == [])
        #expect(store.receive(.initialApply(object("c", "4"))) == [])
        #expect(store.objects.keys.sorted() == [key("a"), key("b")])  // the old list stands until the new one is whole
        #expect(store.receive(.initDone) == [key("a"), key("c")])
        #expect(store.objects.keys.sorted() == [key("b"), key("c")])
    }

    @Test func `a state told twice is no change, a second object of the same name is one`() {
        var store = ObjectStore<Pod>()
        let pod = Pod(raw: WatchScript.pod("a", "1"))
        #expect(store.receive(.apply(pod)) == [key("a")])
        #expect(store.receive(.apply(pod)) == [])
        var other = pod
        other.metadata["uid"] = "another"
        #expect(store.receive(.apply(other)) == [key("a")])
        #expect(store.receive(.delete(other)) == [key("a")])
        #expect(store.receive(.delete(other)) == [])
    }

    @Test func `a list that is begun anew forgets its first half`() {
        var store = ObjectStore<Pod>()
        _ = store.receive(.initial)
        _ = store.receive(.initialApply(Pod(raw: WatchScript.pod("a", "1"))))
        _ = store.receive(.initial)
        _ = store.receive(.initialApply(Pod(raw: WatchScript.pod("b", "1"))))
        #expect(store.receive(.initDone) == [key("b")])
    }

    @Test func `a reflector keeps the copy over a gap and names every key`() async throws {
        let script = WatchScript([
            .list(version: "5", [WatchScript.pod("a", "1"), WatchScript.pod("b", "2")]),
            .watch([WatchScript.event("ADDED", WatchScript.pod("c", "6"))]),
            .watchFails(.status(410, "Expired", "old")),
            .list(version: "9", [WatchScript.pod("c", "6")]),
        ])
        let reflector = Reflector<Pod>(client: script.client(), namespace: "n")
        #expect(!reflector.isReady && reflector.silence == nil)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await reflector.run() }
            var seen: [String] = []
            for await key in reflector.changes() {
                seen.append(key.name)
                if Set(seen).isSuperset(of: ["a", "b", "c"]), reflector.snapshot().count == 1 { break }
            }
            #expect(reflector.isReady && reflector.lastError == nil && reflector.breaks == 1)
            #expect(reflector.object(key("a")) == nil)
            #expect(reflector.object(key("c"))?.resourceVersion == "6")
            #expect(reflector.object(key("c"))?.metadata["managedFields"] == nil)
            group.cancelAll()
        }
        #expect(script.faults.isEmpty)
    }

    @Test func `a deleted object is handed over as it was at its end, before its key is named`() async {
        var last = WatchScript.pod("a", "6")
        last["status"] = ["phase": "Failed"]
        let script = WatchScript([
            .list(version: "5", [WatchScript.pod("a", "1")]), .watch([WatchScript.event("DELETED", last)]),
        ])
        let ends = Mutex<[String]>([])
        let reflector = Reflector<Pod>(
            client: script.client(), namespace: "n",
            departed: { pod in
                ends.withLock { $0.append(pod.raw.at("status", "phase")?.string ?? "") }
            })
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await reflector.run() }
            for await _ in reflector.changes() where reflector.snapshot().isEmpty && reflector.isReady { break }
            #expect(ends.withLock { $0 } == ["Failed"])
            group.cancelAll()
        }
        #expect(script.faults.isEmpty)
    }

    @Test func `waiting for a server that refuses ends at the deadline, with its reason`() async {
        // Refused every time: a loaded machine may ask again before the deadline is noticed.
        let script = WatchScript(Array(repeating: .listFails(.status(403, "Forbidden", "no")), count: 50))
        var client = script.client()
        client.pacing = .system
        let reflector = Reflector<Pod>(client: client, namespace: "n")
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await reflector.run() }
            while reflector.lastError == nil { await Task.yield() }
            let error = await #expect(throws: Reflector<Pod>.NotReady.self) {
                try await reflector.waitUntilReady(deadline: .milliseconds(1))
            }
            #expect(error?.cause?.isForbidden == true)
            group.cancelAll()
        }
    }

    @Test func `everybody who waits gets in when the list is whole`() async throws {
        let script = WatchScript([.list(version: "5", [])])
        var client = script.client()
        client.pacing = .system
        let reflector = Reflector<Pod>(client: client, namespace: "n")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<5 { group.addTask { try await reflector.waitUntilReady(deadline: .seconds(20)) } }
            let run = Task { await reflector.run() }
            try await group.waitForAll()
            run.cancel()
        }
        #expect(reflector.isReady)
    }

    @Test func `a key waits once, however often it changes, and a cancelled consumer stops waiting`() async {
        let changed = ChangedKeys()
        changed.add([key("a"), key("b"), key("a")])
        changed.add([key("b"), key("c")])
        #expect(await changed.next() == key("a"))
        changed.add([key("a")])
        #expect(await [changed.next(), changed.next(), changed.next()] == [key("b"), key("c"), key("a")])
        let consumer = Task { await changed.next() }
        consumer.cancel()
        #expect(await consumer.value == nil)
    }
}
