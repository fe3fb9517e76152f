import HTTP
import JSON
import Testing

@testable import SandboxKube

@Suite struct WatchTests {
    private func head(_ line: JSONValue?) -> [String?] {
        [line?.string("type"), line?["object"]?.name]
    }

    @Test func `a watch without version begins with what is there`() async throws {
        let cluster = try Cluster()
        _ = try await cluster.call(.post, mapsPath, Sample.configMap("a"))
        var lines = try await cluster.watch("\(mapsPath)?watch=true").makeAsyncIterator()
        #expect(head(try await lines.next()) == ["ADDED", "a"])
        _ = try await cluster.call(.post, mapsPath, Sample.configMap("b"))
        #expect(head(try await lines.next()) == ["ADDED", "b"])
    }

    @Test func `a watch from a version says all that came after it`() async throws {
        let cluster = try Cluster()
        let list = try await cluster.call(.get, mapsPath)
        let version = try #require(list.body.string("metadata", "resourceVersion"))
        _ = try await cluster.call(.post, mapsPath, Sample.configMap("a", ["k": "1"]))
        _ = try await cluster.call(
            .patch, "\(mapsPath)/a", ["data": ["k": "2"]], type: "application/merge-patch+json")
        let removed = try await cluster.call(.delete, "\(mapsPath)/a")
        #expect(removed.body.string("status") == "Success")
        var lines = try await cluster.watch("\(mapsPath)?watch=1&resourceVersion=\(version)").makeAsyncIterator()
        #expect(head(try await lines.next()) == ["ADDED", "a"])
        let modified = try await lines.next()
        #expect(head(modified) == ["MODIFIED", "a"])
        let deleted = try await lines.next()
        #expect(head(deleted) == ["DELETED", "a"])
        #expect(
            try #require(Int(deleted?["object"]?.resourceVersion ?? ""))
                > (try #require(Int(modified?["object"]?.resourceVersion ?? ""))))
    }

    @Test func `selectors turn changes into coming and going`() async throws {
        let cluster = try Cluster()
        var lines = try await cluster.watch("\(mapsPath)?watch=true&labelSelector=app%3Dx").makeAsyncIterator()
        _ = try await cluster.call(.post, mapsPath, Sample.configMap("a"))
        let merge = "application/merge-patch+json"
        _ = try await cluster.call(.patch, "\(mapsPath)/a", ["metadata": ["labels": ["app": "x"]]], type: merge)
        _ = try await cluster.call(.patch, "\(mapsPath)/a", ["metadata": ["labels": ["app": "y"]]], type: merge)
        #expect(head(try await lines.next()) == ["ADDED", "a"])
        #expect(head(try await lines.next()) == ["DELETED", "a"])
    }

    @Test func `a forgotten version is gone`() async throws {
        let cluster = try Cluster()
        let version = try await cluster.call(.get, mapsPath).body.string("metadata", "resourceVersion") ?? ""
        _ = try await cluster.call(.post, mapsPath, Sample.configMap("a"))
        cluster.sandbox.compact()
        var lines = try await cluster.watch("\(mapsPath)?watch=true&resourceVersion=\(version)").makeAsyncIterator()
        let line = try await lines.next()
        #expect(line?.string("type") == "ERROR")
        #expect(line?.int("object", "code") == 410)
        #expect(line?.string("object", "reason") == "Expired")
        #expect(try await lines.next() == nil)

        let strict = try Cluster { $0.refusesExpiredWatches = true }
        _ = try await strict.call(.post, mapsPath, Sample.configMap("a"))
        strict.sandbox.compact()
        #expect(try await strict.call(.get, "\(mapsPath)?watch=true&resourceVersion=1").status == 410)
    }

    @Test func `bookmarks and the end come with time`() async throws {
        let cluster = try Cluster { $0.bookmarkInterval = .seconds(5) }
        var lines = try await cluster.watch("\(mapsPath)?watch=true&allowWatchBookmarks=true&timeoutSeconds=8")
            .makeAsyncIterator()
        _ = try await cluster.call(.post, podsPath, Sample.pod("elsewhere"))
        cluster.clock.advance(.seconds(6))
        cluster.sandbox.settle()
        let bookmark = try await lines.next()
        #expect(bookmark?.string("type") == "BOOKMARK")
        let version = try await cluster.call(.get, mapsPath).body.string("metadata", "resourceVersion")
        #expect(bookmark?["object"]?.resourceVersion == version)
        cluster.clock.advance(.seconds(3))
        cluster.sandbox.settle()
        #expect(try await lines.next()?.string("type") == "BOOKMARK")
        #expect(try await lines.next() == nil)
        #expect(cluster.sandbox.openWatches == 0)
    }

    @Test func `initial events end with a bookmark`() async throws {
        let cluster = try Cluster()
        _ = try await cluster.call(.post, mapsPath, Sample.configMap("a"))
        let query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
        var lines = try await cluster.watch("\(mapsPath)?\(query)").makeAsyncIterator()
        #expect(head(try await lines.next()) == ["ADDED", "a"])
        let end = try await lines.next()
        #expect(
            end?.string("object", "metadata", "annotations", "k8s.io/initial-events-end") == "true")
    }

    @Test func `a slow watcher loses its watch and not an event`() async throws {
        let cluster = try Cluster { $0.watchQueueLimit = 3 }
        var lines = try await cluster.watch("\(mapsPath)?watch=true").makeAsyncIterator()
        for place in 0..<5 { _ = try await cluster.call(.post, mapsPath, Sample.configMap("m\(place)")) }
        var seen: [String] = []
        while let line = try await lines.next() { seen.append(line["object"]?.name ?? "") }
        #expect(seen == ["m0", "m1", "m2"])
        #expect(cluster.sandbox.openWatches == 0)
    }

    @Test func `a reader that goes away takes its watch along`() async throws {
        let cluster = try Cluster()
        do {
            let lines = try await cluster.watch("\(mapsPath)?watch=true")
            #expect(cluster.sandbox.openWatches == 1)
            _ = lines
        }
        #expect(cluster.sandbox.openWatches == 0)
        let reader = Task {
            for try await _ in try await cluster.watch("\(mapsPath)?watch=true") {}
        }
        while cluster.sandbox.openWatches == 0 { await Task.yield() }
        reader.cancel()
        _ = await reader.result
        #expect(cluster.sandbox.openWatches == 0)
    }
}
