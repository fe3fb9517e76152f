import HTTP
import JSON
import Logging
import Synchronization
import TestKit
import Testing

@testable import ClearMLClient

@Suite("Session")
struct SessionTests {
    @Test("a login shows the key once and says what the server is; the calls after it show the token")
    func loginThenBearer() async throws {
        let bench = Bench([login(), answer([:]), login()])
        let version = try await bench.server.login()
        #expect(version == ServerVersion(api: APIVersion(2, 34), server: "2.3.0"))
        try await bench.server.ping(task: "t")
        let requests = bench.transport.requests
        #expect(requests[0].headers["Authorization"] == "Basic S0VZOnZlcnktc2VjcmV0LWtleQ==")
        #expect(requests[1].headers["Authorization"] == "Bearer " + token())
        #expect(requests[1].url == "https://api.test:8008/tasks.ping")
        #expect(requests[1].method == .post)
        #expect(requests[1].headers["X-Clearml-Worker"] == "glue:1")
        _ = try await bench.server.login()
        bench.finish()
    }

    @Test("a server older than 2.34 is refused with both versions named")
    func tooOld() async throws {
        let bench = Bench([login(token: token(api: "2.9"))])
        let error = await #expect(throws: ClearMLError.self) { try await bench.server.login() }
        #expect(
            error == .tooOld(server: ServerVersion(api: APIVersion(2, 9), server: "2.3.0"), needed: APIVersion(2, 34)))
        #expect(error?.description.contains("API 2.9; API 2.34 is needed") == true)
        #expect(error?.isPermanent == true)
        bench.finish()
    }

    @Test("wrong credentials are permanent, tried once, and named without the secret")
    func wrongKey() async {
        let bench = Bench([refusal(401, 22, "no such key: \(Bench.secret) S0VZOnZlcnktc2VjcmV0LWtleQ==\nline two")])
        let error = await #expect(throws: ClearMLError.self) { try await bench.server.ping(task: "t") }
        #expect(error?.isPermanent == true)
        #expect(error?.mayHaveActed == false)
        let text = "\(String(describing: error))"
        #expect(!text.contains(Bench.secret) && !text.contains("S0VZ"))
        #expect(error?.description.contains("no such key: ••• ••• line two") == true)
        #expect(error?.description.contains("CLEARML_API_ACCESS_KEY") == true)
        bench.finish()
    }

    @Test("an expired token is renewed and the call made again, a write too")
    func renewalOn401() async throws {
        let bench = Bench.loggedIn([
            refusal(401, 30, "Signature has expired"), login(token: token(mark: "b")),
            answer(["removed": 1]),
        ])
        #expect(try await bench.server.removeFromQueue("q", task: "t"))
        #expect(bench.transport.requests[3].headers["Authorization"] == "Bearer " + token(mark: "b"))
        bench.finish()
    }

    @Test("a token that is refused twice is not renewed for ever")
    func renewalOnce() async {
        let bench = Bench.loggedIn([refusal(401, 30), login(token: token(mark: "b")), refusal(401, 30)])
        let error = await #expect(throws: ClearMLError.self) { try await bench.server.ping(task: "t") }
        #expect(error?.isUnauthorized == true)
        bench.finish()
    }

    @Test("a token is renewed before it expires")
    func renewalBeforeExpiry() async throws {
        let bench = Bench([login(token: token(life: 100)), answer([:]), answer([:]), login(), answer([:])])
        try await bench.server.ping(task: "t")
        bench.time.pass(.seconds(80))
        try await bench.server.ping(task: "t")
        bench.time.pass(.seconds(11))
        try await bench.server.ping(task: "t")
        bench.finish()
    }

    @Test("many callers at once share one login")
    func singleFlight() async throws {
        let transport = SlowLogin()
        let server = ClearMLServer(
            configuration: ClearMLConfiguration(apiHost: "https://a", accessKey: Secret("k"), secretKey: Secret("s")),
            transport: transport, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask { await #expect(throws: Never.self) { try await server.ping(task: "t") } }
            }
        }
        #expect(transport.counts.withLock { $0 } == ["https://a/auth.login": 1, "https://a/tasks.ping": 50])
    }

    @Test("base64 of every length and every digit reads back")
    func base64() {
        #expect(Base64.encode([]) == "")
        #expect(Base64.encode("f".utf8) == "Zg==")
        #expect(Base64.encode("fo".utf8) == "Zm8=")
        #expect(Base64.encode("foobar".utf8) == "Zm9vYmFy")
        #expect(Base64.decodeURL("Zg") == [0x66])
        #expect(Base64.decodeURL("Zg==") == [0x66])
        #expect(Base64.decodeURL("-_-_") == [0xfb, 0xff, 0xbf])
        #expect(Base64.decodeURL("Z") == nil)
        #expect(Base64.decodeURL("Zm9v+A") == nil)
        for length in 0..<70 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 37 + length) }
            let url = String(Base64.encode(bytes).map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
            #expect(Base64.decodeURL(url) == bytes)
        }
    }
}

/// Lets other tasks run before it answers a login.
private final class SlowLogin: HTTPTransport {
    let counts = Mutex<[String: Int]>([:])

    func send(_ request: HTTPRequest, bodyLimit: Int) async throws(HTTPError) -> HTTPResponse {
        counts.withLock { $0[request.url, default: 0] += 1 }
        if request.url.hasSuffix("auth.login") { for _ in 0..<200 { await Task.yield() } }
        return try answer(["token": .string(token())])(request).get()
    }

    func stream(_ request: HTTPRequest) async throws(HTTPError) -> HTTPStream {
        throw HTTPError(.invalidURL, mayHaveActed: false, "unused")
    }
}
