import Foundation
import HTTP
import JSON
import Synchronization
import Testing

@testable import SandboxServer

@Suite("The recording proxy", .timeLimit(.minutes(1)))
struct ProxyTests {
    /// An upstream that counts what reaches it.
    final class Upstream: HTTPTransport {
        let seen = Mutex<[String]>([])

        func send(_ request: HTTPRequest, bodyLimit: Int) async throws(HTTPError) -> HTTPResponse {
            seen.withLock { $0.append("\(request.method.rawValue) \(request.url)") }
            if request.url.hasSuffix("/broken") { throw HTTPError(.connect, mayHaveActed: false, "refused") }
            return HTTPResponse(
                status: 201, headers: ["X-Kept": "yes", "Content-Encoding": "gzip"], body: Array(#"{"ok":true}"#.utf8))
        }

        func stream(_ request: HTTPRequest) async throws(HTTPError) -> HTTPStream {
            let chunks = AsyncThrowingStream<[UInt8], any Error> { feed in
                feed.yield(Array("event\n".utf8))
                feed.finish()
            }
            return HTTPStream(status: 200, headers: [:], chunks: chunks)
        }
    }

    /// A process to be killed, and a proxy before an upstream.
    struct Stage {
        let upstream = Upstream()
        let proxy: RecordingProxy
        let victim = Process()
        let record: String

        init() throws {
            record = NSTemporaryDirectory() + "record-\(UUID().uuidString).jsonl"
            proxy = try RecordingProxy(upstream: "http://up", transport: upstream, recordPath: record)
            victim.executableURL = URL(fileURLWithPath: "/bin/sleep")
            victim.arguments = ["60"]
            try victim.run()
        }

        func end() {
            victim.terminate()
            unlink(record)
        }

        /// Waits for it by looking: `waitUntilExit` needs a run loop that a test's thread does not have.
        func victimsEnd() async {
            while victim.isRunning { try? await Task.sleep(for: .milliseconds(5)) }
        }

        func arm(_ text: String) async throws -> JSONValue {
            let filled = text.replacingOccurrences(of: "PID", with: "\(victim.processIdentifier)")
            return try await control(HTTPRequest(.post, "/crash-points", body: Array(filled.utf8)))
        }

        func control(_ request: HTTPRequest) async throws -> JSONValue {
            guard case .whole(let response) = await proxy.control(request, from: Peer("test")) else { return .null }
            return try JSONValue(parsing: response.body)
        }

        func lines() throws -> [JSONValue] {
            try String(contentsOfFile: record, encoding: .utf8).split(separator: "\n").map {
                try JSONValue(parsing: String($0))
            }
        }
    }

    private func staged(_ body: (Stage) async throws -> Void) async throws {
        let stage = try Stage()
        defer { stage.end() }
        try await body(stage)
    }

    private let write = HTTPRequest(
        .post, "/api/v1/namespaces/a/pods", headers: ["Authorization": "Bearer x"], body: Array(#"{"a":1}"#.utf8))

    @Test("an exchange is forwarded and written down, without the credentials of its header")
    func forwards() async throws {
        try await staged { stage in
            guard case .whole(let response) = await stage.proxy.respond(to: write, from: Peer("x")) else {
                Issue.record("no response")
                return
            }
            #expect(response.status == 201)
            #expect(response.headers["X-Kept"] == "yes" && response.headers["Content-Encoding"] == nil)
            let line = try #require(try stage.lines().first)
            #expect(line["n"]?.int == 1 && line["method"]?.string == "POST" && line["path"]?.string == write.url)
            #expect(line.at("request", "a")?.int == 1 && line.at("response", "ok")?.bool == true)
            #expect(line["status"]?.int == 201 && line["write"]?.bool == true)
            #expect(!line.text().contains("Bearer"))
        }
    }

    @Test("before: the process is killed and the upstream never sees the request")
    func before() async throws {
        try await staged { stage in
            _ = try await stage.arm(#"{"at":2,"position":"before","signal":"KILL","pids":[PID]}"#)
            _ = await stage.proxy.respond(to: HTTPRequest(.get, "/api/v1/pods"), from: Peer("x"))
            guard case .whole = await stage.proxy.respond(to: write, from: Peer("x")) else {
                Issue.record("the first write was hit")
                return
            }
            guard case .dropConnection = await stage.proxy.respond(to: write, from: Peer("x")) else {
                Issue.record("the second write was answered")
                return
            }
            await stage.victimsEnd()
            #expect(stage.victim.terminationStatus == SIGKILL)
            #expect(stage.upstream.seen.withLock { $0.count { $0.hasPrefix("POST") } } == 1)
            #expect(try stage.lines().last?["crash"]?.string == "before")
        }
    }

    @Test("after-commit: the upstream has acted, the process is killed, the reply is lost")
    func afterCommit() async throws {
        try await staged { stage in
            _ = try await stage.arm(
                #"{"at":1,"match":"^POST .*/pods$","position":"after-commit","signal":"KILL","pids":[PID]}"#)
            guard case .dropConnection = await stage.proxy.respond(to: write, from: Peer("x")) else {
                Issue.record("the reply was delivered")
                return
            }
            await stage.victimsEnd()
            #expect(stage.victim.terminationStatus == SIGKILL)
            #expect(stage.upstream.seen.withLock { $0 } == ["POST http://up" + write.url])
            let state = try await stage.control(HTTPRequest(.get, "/state"))
            #expect(state["points"]?[0]?.at("struck", "n")?.int == 1)
            #expect(state["points"]?[0]?["struck"]?["signals"]?[0]?["result"]?.string == "sent")
        }
    }

    @Test("after-reply: the client has the whole reply before the process is killed")
    func afterReply() async throws {
        try await staged { stage in
            _ = try await stage.arm(#"{"at":1,"position":"after-reply","signal":"KILL","pids":[PID]}"#)
            let server = try await SandboxServer.start(respond: stage.proxy.respond)
            let client = try RawClient(port: server.port)
            await client.send("DELETE /api/v1/namespaces/a/pods/b HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.read(until: #"{"ok":true}"#).hasPrefix("HTTP/1.1 201"))
            await stage.victimsEnd()
            #expect(stage.victim.terminationStatus == SIGKILL)
            client.close()
            await server.stop()
        }
    }

    @Test("the client itself can be struck, whoever it is", .enabled(if: access("/usr/bin/curl", X_OK) == 0))
    func strikesClient() async throws {
        try await staged { stage in
            _ = try await stage.control(
                HTTPRequest(
                    .post, "/crash-points",
                    body: Array(#"{"at":1,"position":"after-commit","signal":"KILL","client":true}"#.utf8)))
            let server = try await SandboxServer.start(respond: stage.proxy.respond)
            let curl = Process()
            curl.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
            curl.arguments = ["-s", "-X", "POST", "http://127.0.0.1:\(server.port)/tasks.enqueue"]
            try curl.run()
            while curl.isRunning { try await Task.sleep(for: .milliseconds(5)) }
            #expect(curl.terminationReason == .uncaughtSignal && curl.terminationStatus == SIGKILL)
            #expect(stage.victim.isRunning)
            let state = try await stage.control(HTTPRequest(.get, "/state"))
            #expect(state["points"]?[0]?["struck"]?["signals"]?[0]?["pid"]?.int == Int(curl.processIdentifier))
            await server.stop()
        }
    }

    @Test("a point strikes once, also when its process is gone, and says so")
    func strikesOnce() async throws {
        try await staged { stage in
            kill(stage.victim.processIdentifier, SIGKILL)
            await stage.victimsEnd()
            _ = try await stage.arm(#"{"at":1,"position":"before","signal":"KILL","pids":[PID]}"#)
            _ = await stage.proxy.respond(to: write, from: Peer("x"))
            guard case .whole = await stage.proxy.respond(to: write, from: Peer("x")) else {
                Issue.record("the point struck twice")
                return
            }
            let state = try await stage.control(HTTPRequest(.get, "/state"))
            #expect(state["points"]?[0]?["struck"]?["signals"]?[0]?["result"]?.string == "No such process")
        }
    }

    @Test("a stream passes and is recorded without its body; a silent upstream gives a dropped connection")
    func streamsAndFailures() async throws {
        try await staged { stage in
            guard
                case .stream(let stream) = await stage.proxy.respond(
                    to: HTTPRequest(.get, "/api/v1/pods?watch=1"), from: Peer("x"))
            else {
                Issue.record("no stream")
                return
            }
            var text: [UInt8] = []
            for try await chunk in stream.chunks { text += chunk }
            #expect(String(decoding: text, as: UTF8.self) == "event\n")
            guard case .dropConnection = await stage.proxy.respond(to: HTTPRequest(.get, "/broken"), from: Peer("x"))
            else {
                Issue.record("an answer without an upstream")
                return
            }
            let lines = try stage.lines()
            #expect(lines[0]["stream"]?.bool == true && lines[0]["response"] == nil)
            #expect(lines[1]["error"]?.string == "refused")
        }
    }

    @Test(
        "what counts as a write",
        arguments: [
            ("POST", "/tasks.enqueue", true), ("POST", "/v2.30/tasks.get_all", false),
            ("POST", "/queues.get_all?x=1", false),
            ("GET", "/auth.login", false), ("POST", "/tasks.ping", true), ("POST", "/debug.ping", false),
            ("GET", "/queues.remove_task", true), ("POST", "/events.add_batch", true),
            ("PATCH", "/api/v1/namespaces/a.b/pods/x.y", true), ("GET", "/apis/batch/v1/jobs", false),
            ("DELETE", "/api/v1/nodes/a.b", true),
        ])
    func writes(_ method: String, _ path: String, _ expected: Bool) {
        #expect(WriteRule.isWrite(method: method, path: path) == expected)
    }

    @Test(
        "a crash point that cannot be meant is refused with the member's name",
        arguments: [
            (#"{"position":"before","signal":"KILL","pids":[5]}"#, "at"),
            (#"{"at":1,"signal":"KILL","pids":[5]}"#, "position"),
            (#"{"at":1,"position":"before","signal":"NO","pids":[5]}"#, "signal"),
            (#"{"at":1,"position":"before","signal":"KILL","pids":[]}"#, "pids"),
            (#"{"at":1,"position":"before","signal":"KILL","pids":[-1]}"#, "pids"),
            (#"{"at":1,"position":"before","signal":"KILL","pids":[5],"match":"("}"#, "match"),
            (#"{"at":1,"position":"before","signal":"KILL","pids":[5],"when":1}"#, "when"),
        ])
    func refusals(_ text: String, _ named: String) async throws {
        try await staged { stage in
            let answer = try await stage.arm(text)
            #expect(answer["error"]?.string?.contains(named) == true)
        }
    }
}
