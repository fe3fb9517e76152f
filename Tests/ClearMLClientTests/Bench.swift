import ClearMLClient
import HTTP
import JSON
import Logging
import Synchronization
import TestKit
import Testing

/// A clock that only moves when somebody waits, or when an answer takes its time.
final class TestTime: Sendable {
    private let elapsed = Mutex(Duration.zero)

    var now: Duration { elapsed.withLock { $0 } }
    func pass(_ time: Duration) { elapsed.withLock { $0 += time } }

    var pace: Pace {
        Pace(
            now: { self.now },
            sleep: {
                try Task.checkCancellation()
                self.pass($0)
            }, jitter: { 1 })
    }
}

/// A client in front of a script. The script must be used up at the end: `finish()`.
struct Bench {
    let time: TestTime
    let transport: ScriptedTransport
    let server: ClearMLServer

    static let secret = "very-secret-key"

    init(time: TestTime = TestTime(), _ steps: [ScriptedTransport.Step]) {
        self.time = time
        transport = ScriptedTransport(steps)
        server = ClearMLServer(
            configuration: ClearMLConfiguration(
                apiHost: "https://api.test:8008/", accessKey: Secret("KEY"), secretKey: Secret(Bench.secret),
                workerName: "glue:1"),
            transport: transport, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, pace: time.pace)
    }

    /// A client that has logged in before the script begins.
    static func loggedIn(time: TestTime = TestTime(), _ steps: [ScriptedTransport.Step]) -> Bench {
        Bench(time: time, [login()] + steps)
    }

    func finish(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(transport.remaining == 0, "steps never reached", sourceLocation: sourceLocation)
    }

    /// The body of the last request.
    var lastBody: JSONValue? { transport.requests.last?.body.flatMap { try? JSONValue(parsing: $0) } }
}

func answer(_ data: JSONValue) -> ScriptedTransport.Step {
    { _ in .success(HTTPResponse(status: 200, body: envelope(200, 0, "OK", data))) }
}

func refusal(_ code: Int, _ subcode: Int, _ message: String = "no") -> ScriptedTransport.Step {
    { _ in .success(HTTPResponse(status: code, body: envelope(code, subcode, message, [:]))) }
}

func broken(_ kind: HTTPError.Kind, mayHaveActed: Bool) -> ScriptedTransport.Step {
    { _ in .failure(HTTPError(kind, mayHaveActed: mayHaveActed, "POST https://api.test: broken")) }
}

func login(token: String = token()) -> ScriptedTransport.Step {
    { request in
        #expect(request.url == "https://api.test:8008/auth.login")
        return answer(["token": .string(token)])(request)
    }
}

/// A token as the server makes them. The two payloads differ by length, so that each padding occurs.
func token(api: String = "2.34", life: Int64 = 2_592_000, mark: String = "a") -> String {
    let payload: JSONValue = [
        "iat": 1_795_476_862, "exp": .integer(1_795_476_862 + life), "session_id": .string(mark),
        "api_version": .string(api), "server_version": "2.3.0", "env": "<unknown>?ü~~",
    ]
    return "eyJhbGciOiJIUzI1NiJ9.\(base64URL(payload.bytes)).\(mark)signature"
}

private func base64URL(_ bytes: [UInt8]) -> String {
    // By bits, not by the code under test.
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    let bits = bytes.flatMap { byte in (0..<8).reversed().map { byte >> $0 & 1 } }
    return String(
        stride(from: 0, to: bits.count, by: 6).map { start in
            digits[(start..<start + 6).reduce(0) { $0 * 2 + ($1 < bits.count ? Int(bits[$1]) : 0) }]
        })
}

private func envelope(_ code: Int, _ subcode: Int, _ message: String, _ data: JSONValue) -> [UInt8] {
    let value: JSONValue = [
        "meta": [
            "id": "x", "result_code": .integer(Int64(code)), "result_subcode": .integer(Int64(subcode)),
            "result_msg": .string(message),
        ], "data": data,
    ]
    return value.bytes
}
