import ClearMLClient
import HTTP
import JSON
import TestKit
import Testing

@Suite("Calls")
struct CallTests {
    @Test(
        "a read is repeated after whatever may pass",
        arguments: [
            Trouble.status(500), .status(503), .status(429), .error(.connect, mayHaveActed: false),
            .error(.timeout, mayHaveActed: true), .error(.protocolViolation, mayHaveActed: true),
        ])
    func readRepeats(first: Trouble) async throws {
        let bench = Bench.loggedIn([first.step, answer(["queues": []])])
        #expect(try await bench.server.queues(ids: ["q"], maxEntries: 1) == [])
        bench.finish()
    }

    @Test(
        "a write is repeated when it certainly was not carried out",
        arguments: [Trouble.status(429), .error(.connect, mayHaveActed: false)])
    func writeRepeats(first: Trouble) async throws {
        let bench = Bench.loggedIn([first.step, answer(["removed": 1])])
        #expect(try await bench.server.removeFromQueue("q", task: "t"))
        bench.finish()
    }

    @Test(
        "a write whose fate is unknown is not repeated, and says so",
        arguments: [
            Trouble.status(500), .status(502), .error(.timeout, mayHaveActed: true),
            .error(.protocolViolation, mayHaveActed: true), .nonsense,
        ])
    func unknownFate(only: Trouble) async {
        let bench = Bench.loggedIn([only.step])
        let error = await #expect(throws: ClearMLError.self) {
            try await bench.server.removeFromQueue("q", task: "t")
        }
        #expect(error?.mayHaveActed == true)
        #expect(error?.isPermanent == false)
        bench.finish()
    }

    @Test("a lost race (400/121) goes to the caller: not repeated, not permanent, nothing done")
    func lostRace() async {
        let bench = Bench.loggedIn([refusal(400, 121)])
        let error = await #expect(throws: ClearMLError.self) { try await bench.server.failed(task: "t") }
        #expect(error?.isPermanent == false)
        #expect(error?.mayHaveActed == false)
        bench.finish()
    }

    @Test("a refused login never makes a write ambiguous")
    func loginTrouble() async throws {
        let bench = Bench([broken(.timeout, mayHaveActed: true), refusal(503, 0), login(), answer(["removed": 0])])
        #expect(try await bench.server.removeFromQueue("q", task: "t") == false)
        bench.finish()
    }

    @Test("tries end before the limit, with the last error")
    func deadline() async {
        let time = TestTime()
        let slow: ScriptedTransport.Step = { request in
            time.pass(.seconds(3))
            return .failure(HTTPError(.timeout, mayHaveActed: true, "\(request.timeouts.total ?? .zero)"))
        }
        let bench = Bench.loggedIn(time: time, [slow, slow, slow])
        let error = await #expect(throws: ClearMLError.self) {
            try await bench.server.queues(ids: ["q"], maxEntries: 1)
        }
        // The third try has the rest of the ten seconds: 10 − 3 − 0.2 − 3 − 0.4.
        guard case .transport(let last, let action) = error else {
            Issue.record("not a transport error: \(String(describing: error))")
            return
        }
        #expect(action == "queues.get_all")
        #expect(last.message == "\(Duration.milliseconds(3400))")
        #expect(time.now <= .seconds(10))
        bench.finish()
    }

    @Test("no exchange is sent without a total deadline below 20 s")
    func timeouts() async throws {
        let bench = Bench.loggedIn([answer(["removed": 1]), answer(["queues": []])])
        _ = try await bench.server.removeFromQueue("q", task: "t")
        _ = try await bench.server.queues(ids: ["q"], maxEntries: 1)
        let totals = bench.transport.requests.map { $0.timeouts.total }
        #expect(totals == [.seconds(4), .seconds(10), .seconds(5)])
        let greedy = ClearMLConfiguration(
            apiHost: "http://a", accessKey: Secret(""), secretKey: Secret(""), callLimit: .seconds(90))
        #expect(greedy.callLimit == .seconds(15))
        bench.finish()
    }

    @Test("an answer from something else than the server is named, not decoded")
    func foreignAnswer() async {
        let page: ScriptedTransport.Step = { _ in
            .success(HTTPResponse(status: 404, body: Array("<html>\n  <h1>nginx</h1>".utf8)))
        }
        let moved: ScriptedTransport.Step = { _ in
            .success(HTTPResponse(status: 301, headers: ["location": "https://b.test/x"]))
        }
        let bench = Bench([page, moved])
        let first = await #expect(throws: ClearMLError.self) { try await bench.server.login() }
        #expect(first?.description.hasPrefix("auth.login: 404/0: HTTP 404: <html> <h1>nginx</h1> — check that") == true)
        let second = await #expect(throws: ClearMLError.self) { try await bench.server.login() }
        #expect(second?.description.contains("redirected to `https://b.test/x`") == true)
        #expect(second?.isPermanent == true)
        bench.finish()
    }

    @Test("a cancelled caller gets its error and no further try")
    func cancellation() async {
        let bench = Bench.loggedIn([broken(.cancelled, mayHaveActed: true)])
        let error = await #expect(throws: ClearMLError.self) {
            try await bench.server.queues(ids: ["q"], maxEntries: 1)
        }
        #expect(error?.isPermanent == false)
        bench.finish()
    }
}

/// What goes wrong in a test case.
enum Trouble: Sendable {
    case status(Int)
    case error(HTTPError.Kind, mayHaveActed: Bool)
    /// Success, says the status; no ClearML, says the body.
    case nonsense

    var step: ScriptedTransport.Step {
        switch self {
        case .status(let code): refusal(code, 0)
        case .error(let kind, let mayHaveActed): broken(kind, mayHaveActed: mayHaveActed)
        case .nonsense: { _ in .success(HTTPResponse(status: 200, body: Array("<html>".utf8))) }
        }
    }
}
