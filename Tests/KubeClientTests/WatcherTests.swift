import HTTP
import JSON
import Logging
import Synchronization
import TestKit
import Testing

@testable import KubeClient

@Suite(.timeLimit(.minutes(1))) struct WatcherTests {
    /// The first `count` events in short form: `+a@1`, `-a`, `(` and `)` round a list, `!` for a break, `.` for a sign of life.
    private func story(_ script: WatchScript, _ time: FakeTime = FakeTime(), count: Int) async -> [String] {
        var words: [String] = []
        for await event in Watcher<Pod>(client: script.client(time), namespace: "n", machine: .init(pageSize: 2)) {
            switch event {
            case .initial: words.append("(")
            case .initialApply(let pod): words.append("=\(pod.name)")
            case .initDone: words.append(")")
            case .apply(let pod): words.append("+\(pod.name)@\(pod.resourceVersion ?? "")")
            case .delete(let pod): words.append("-\(pod.name)")
            case .contact: words.append(".")
            case .interrupted(let error): words.append("!\(error.status?.code ?? 0)")
            }
            if words.count == count { break }
        }
        return words
    }

    @Test func `two pages, a watch, its end, and the next watch from the last version`() async {
        let script = WatchScript([
            .list(version: "5", [WatchScript.pod("a", "1"), WatchScript.pod("b", "2")], continueToken: "t"),
            .list(version: "5", [WatchScript.pod("c", "3")]),
            .watch([
                WatchScript.event("MODIFIED", WatchScript.pod("a", "6")),
                WatchScript.event("BOOKMARK", ["metadata": ["resourceVersion": "7"]]),
                WatchScript.event("DELETED", WatchScript.pod("b", "8")),
            ]),
        ])
        let words = await story(script, count: 10)
        #expect(words == ["(", "=a", "=b", "=c", ")", ".", "+a@6", ".", "-b", "."])
        #expect(
            script.urls == [
                "limit=2", "limit=2&continue=t",
                "resourceVersion=5&watch=true&timeoutSeconds=290&allowWatchBookmarks=true",
                "resourceVersion=8&watch=true&timeoutSeconds=290&allowWatchBookmarks=true",
            ])
        #expect(script.faults.isEmpty)
    }

    @Test func `410 as an event and 410 as an answer both list anew`() async {
        let gone: JSONValue = ["kind": "Status", "code": 410, "reason": "Expired", "message": "too old"]
        let script = WatchScript([
            .list(version: "5", [WatchScript.pod("a", "1")]),
            .watch([WatchScript.event("ERROR", gone)]),
            .list(version: "9", [WatchScript.pod("b", "8")]),
            .watchFails(.status(410, "Expired", "too old")),
            .list(version: "10", []),
        ])
        let words = await story(script, count: 12)
        #expect(words == ["(", "=a", ")", ".", "!410", "(", "=b", ")", "!410", "(", ")", "."])
        #expect(script.faults.isEmpty)
    }

    @Test func `a broken connection resumes from the last version after a wait`() async {
        let time = FakeTime()
        let script = WatchScript([
            .list(version: "5", []),
            .watchBreaks(
                [WatchScript.event("ADDED", WatchScript.pod("a", "6"))],
                HTTPError(.timeout, mayHaveActed: false, "silence")),
            .watch([]),
        ])
        let words = await story(script, time, count: 6)
        #expect(words == ["(", ")", ".", "+a@6", "!0", "."])
        #expect(script.urls.last?.hasPrefix("resourceVersion=6&") == true)
        #expect(time.sleeps == [.milliseconds(800)])
    }

    @Test func `a refused list is told and tried again after a wait`() async {
        let time = FakeTime()
        let script = WatchScript([
            .listFails(.status(403, "Forbidden", "pods is forbidden: User \"u\" cannot list resource \"pods\"")),
            .list(version: "5", []),
        ])
        let words = await story(script, time, count: 3)
        #expect(words == ["!403", "(", ")"])
        #expect(time.sleeps == [.milliseconds(800)])
    }

    @Test func `a list that breaks between two pages begins anew`() async {
        let script = WatchScript([
            .list(version: "5", [WatchScript.pod("a", "1")], continueToken: "t"),
            .listFails(.status(410, "Expired", "the provided continue parameter is too old")),
            .list(version: "6", [WatchScript.pod("b", "2")]),
        ])
        let words = await story(script, count: 6)
        #expect(words == ["(", "=a", "!410", "(", "=b", ")"])
        #expect(script.urls == ["limit=2", "limit=2&continue=t", ""])
    }

    @Test func `the watch's silence is bounded by its timeout and five seconds`() async throws {
        let (client, transport) = scripted([answer(HTTPResponse(status: 200))])
        var watch = try await client.watch(Pod.self, namespace: "n", WatchOptions(timeout: .seconds(30)))
        #expect(try await watch.next() == nil)
        #expect(transport.requests[0].timeouts.idle == .seconds(35) && transport.requests[0].timeouts.total == nil)
    }

    @Test func `a refusal is logged as a warning, the network's noise only when it lasts`() async {
        let log = LevelLog()
        let lost = HTTPError(.connect, mayHaveActed: false, "refused")
        let script = WatchScript(
            [.list(version: "5", []), .watchFails(.status(403, "Forbidden", "no"))]
                + Array(repeating: .watchBreaks([], lost), count: 5))
        let client = KubernetesClient(
            configuration: ClusterConfiguration(server: "https://api"), transport: script, watchTransport: script,
            logger: Logger(label: "test") { _ in log }, pacing: FakeTime().pacing)
        var breaks = 0
        for await event in Watcher<Pod>(client: client, namespace: "n") {
            if case .interrupted = event { breaks += 1 }
            if breaks == 6 { break }
        }
        #expect(log.levels == [.warning, .debug, .debug, .debug, .warning, .debug])
    }
}

/// Keeps the levels of what is logged.
final class LevelLog: LogHandler {
    private let state = Mutex<[Logger.Level]>([])
    var levels: [Logger.Level] { state.withLock { $0 } }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) { state.withLock { $0.append(event.level) } }
}
