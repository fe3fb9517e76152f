import HTTP
import JSON
import Synchronization
import Testing

@testable import SandboxKube

/// What a client builds out of a list and a watch is what is there: random writes, watched from random places.
@Suite struct ConsistencyTests {
    /// SplitMix64: the same seed gives the same run.
    struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
            return value ^ (value >> 31)
        }
    }

    private struct Copy {
        var selector: String
        var objects: [String: JSONValue]
        var lines: AsyncThrowingMapSequence<AsyncThrowingStream<[UInt8], any Error>, JSONValue>
    }

    private func follow(_ cluster: Cluster, _ selector: String) async throws -> Copy {
        let list = try await cluster.call(.get, "\(mapsPath)?labelSelector=\(selector)").body
        let version = try #require(list.string("metadata", "resourceVersion"))
        var objects: [String: JSONValue] = [:]
        for item in list.list("items") { objects[item.name] = item }
        return Copy(
            selector: selector, objects: objects,
            lines: try await cluster.watch(
                "\(mapsPath)?watch=true&labelSelector=\(selector)&resourceVersion=\(version)"))
    }

    private func write(_ cluster: Cluster, _ dice: inout Dice) async throws {
        let merge = "application/merge-patch+json"
        let name = "m\(Int.random(in: 0..<8, using: &dice))"
        let label: JSONValue = ["a": .string(String(Int.random(in: 0..<3, using: &dice)))]
        switch Int.random(in: 0..<6, using: &dice) {
        case 0, 1:
            var map = Sample.configMap(name)
            map.set(label, "metadata", "labels")
            if Bool.random(using: &dice) { map.setFinalizers(["a/b"]) }
            _ = try await cluster.call(.post, mapsPath, map)
        case 2: _ = try await cluster.call(.delete, "\(mapsPath)/\(name)")
        case 3: _ = try await cluster.call(.patch, "\(mapsPath)/\(name)", ["metadata": ["labels": label]], type: merge)
        case 4: _ = try await cluster.call(.patch, "\(mapsPath)/\(name)", ["data": label], type: merge)
        default:
            _ = try await cluster.call(.patch, "\(mapsPath)/\(name)", ["metadata": ["finalizers": nil]], type: merge)
        }
    }

    @Test(arguments: 1...12) func `a copy kept by a watch is the list`(_ seed: UInt64) async throws {
        let cluster = try Cluster()
        var dice = Dice(state: seed)
        var copies: [Copy] = []
        for place in 0..<300 {
            if place % 60 == 0 {
                copies.append(try await follow(cluster, ["", "a%3D1", "a!%3D0", "a%20in%20(1,2)", "!a"][place / 60]))
            }
            try await write(cluster, &dice)
        }
        cluster.sandbox.closeWatches()
        for copy in copies {
            var objects = copy.objects
            var newest = 0
            for try await line in copy.lines {
                var object = line["object"] ?? [:]
                let version = try #require(Int(object.resourceVersion))
                #expect(version > newest, "versions rise")
                newest = version
                object.set(nil, "kind")
                object.set(nil, "apiVersion")
                let wasThere = objects[object.name] != nil
                #expect(wasThere == (line.string("type") != "ADDED"), "\(line.text()) comes out of turn")
                objects[object.name] = line.string("type") == "DELETED" ? .none : object
            }
            let list = try await cluster.call(.get, "\(mapsPath)?labelSelector=\(copy.selector)").body.list("items")
            #expect(objects.values.sorted { $0.name < $1.name } == list, "by the selector `\(copy.selector)`")
        }
    }

    @Test func `writers and watchers at once lose nothing`() async throws {
        let cluster = try Cluster()
        let run = Task { await cluster.sandbox.run() }
        let seen = Task {
            var names: Set<String> = []
            for await change in cluster.sandbox.watch(.pods) where change.kind == .added {
                names.insert(change.object.labels["job-name"]?.string ?? "")
                if names.count == 40 { break }
            }
            return names
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for place in 0..<10 {
                        let made = try await cluster.call(.post, jobsPath, Sample.job("j\(writer)-\(place)"))
                        #expect(made.status == 201)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await seen.value.count == 40)
        run.cancel()
        await run.value
    }
}
