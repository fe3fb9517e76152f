import HTTP
import Synchronization
import TestKit
import Testing

/// A clock whose sleeps end at once, and are written down.
final class SleepLog: Clock, Sendable {
    typealias Instant = ContinuousClock.Instant
    let sleeps = Mutex<[Duration]>([])
    private let base = ContinuousClock.now
    var now: Instant { base + sleeps.withLock { $0.reduce(.zero, +) } }
    var minimumResolution: Duration { .zero }
    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        let wait = now.duration(to: deadline)
        sleeps.withLock { $0.append(wait) }
    }
}

private func status(_ status: Int, _ headers: HTTPHeaders = [:]) -> ScriptedTransport.Step {
    { _ in .success(HTTPResponse(status: status, headers: headers)) }
}

private func error(_ kind: HTTPError.Kind, acted: Bool) -> ScriptedTransport.Step {
    { _ in .failure(HTTPError(kind, mayHaveActed: acted, "as scripted")) }
}

@Suite("Retries")
struct RetryTests {
    private func run(
        _ method: HTTPRequest.Method, _ steps: [ScriptedTransport.Step], policy: RetryPolicy = RetryPolicy()
    ) async -> (result: Result<Int, HTTPError>, sleeps: [Duration], unused: Int) {
        let script = ScriptedTransport(steps)
        let clock = SleepLog()
        let transport = RetryingTransport(script, policy: policy, clock: clock, jitter: { 1 })
        let result: Result<Int, HTTPError>
        do throws(HTTPError) {
            result = .success(try await transport.send(HTTPRequest(method, "http://x/")).status)
        } catch {
            result = .failure(error)
        }
        return (result, clock.sleeps.withLock { $0 }, script.remaining)
    }

    @Test(
        "what is worth another try gets it, what is not does not",
        arguments: [HTTPRequest.Method.get, .head, .post, .put, .patch, .delete],
        [
            (status(429), true, true), (status(503), true, false), (status(503, ["Retry-After": "1"]), true, true),
            (status(504), true, false), (status(500), false, false), (status(502), false, false),
            (status(404), false, false), (status(409), false, false), (error(.connect, acted: false), true, true),
            (error(.nameResolution, acted: false), true, true), (error(.connect, acted: true), true, false),
            (error(.timeout, acted: true), true, false), (error(.protocolViolation, acted: true), true, false),
            (error(.protocolViolation, acted: false), true, true), (error(.tls, acted: false), false, false),
            (error(.invalidURL, acted: false), false, false), (error(.tooLarge, acted: true), false, false),
            (error(.cancelled, acted: false), false, false),
        ])
    func verbs(method: HTTPRequest.Method, row: (ScriptedTransport.Step, reading: Bool, writing: Bool)) async {
        let isReading = method == .get || method == .head
        let (result, _, unused) = await run(method, [row.0, status(200)])
        let again = isReading ? row.reading : row.writing
        #expect(unused == (again ? 0 : 1))
        if again {
            guard case .success(200) = result else {
                Issue.record("\(result)")
                return
            }
        }
    }

    @Test("the waits grow, and end with the tries")
    func growth() async {
        let steps = (0..<5).map { _ in status(429) }
        let (result, sleeps, unused) = await run(.post, steps)
        #expect(sleeps == [.milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1600)])
        guard case .success(429) = result, unused == 0 else {
            Issue.record("\(result), \(unused) unused")
            return
        }
    }

    @Test("what the server asks for is waited, and not more than patience allows")
    func retryAfter() async {
        let short = await run(.get, [status(429, ["Retry-After": "7"]), status(200)])
        #expect(short.sleeps == [.seconds(7)] && short.unused == 0)
        let long = await run(.get, [status(429, ["Retry-After": "31"]), status(200)])
        #expect(long.sleeps == [] && long.unused == 1)
        let policy = RetryPolicy(attempts: 10, patience: .seconds(15))
        let sum = await run(.get, (0..<3).map { _ in status(503, ["Retry-After": "7"]) }, policy: policy)
        #expect(sum.sleeps == [.seconds(7), .seconds(7)] && sum.unused == 0)
    }

    @Test("a stream is opened again, and the observer is told")
    func stream() async throws {
        let told = Mutex<[Duration]>([])
        let script = ScriptedTransport([status(503), error(.timeout, acted: true), status(200)])
        let transport = RetryingTransport(
            script, clock: SleepLog(), jitter: { 0 }, observer: { _, _, wait in told.withLock { $0.append(wait) } })
        #expect(try await transport.stream(HTTPRequest(.get, "http://x/")).status == 200)
        #expect(told.withLock { $0 } == [.milliseconds(100), .milliseconds(200)])
        #expect(script.remaining == 0)
    }

    @Test("cancelling ends the wait")
    func cancelled() async {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await run(.get, [status(429), status(200)])
        }
        let (result, _, unused) = await task.value
        guard case .failure(let error) = result, error.kind == .cancelled, unused == 1 else {
            Issue.record("\(result), \(unused) unused")
            return
        }
    }

    @Test(
        "Retry-After is read as seconds or as a date",
        arguments: [
            ("120", nil, 120), ("0", nil, 0), ("-1", nil, nil), ("soon", nil, nil), ("1.5", nil, nil),
            ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:07 GMT", 30),
            ("Sun, 06 Nov 1994 08:49:37 GMT", nil, nil),
            ("Fri, 01 Mar 2024 00:00:00 GMT", "Wed, 28 Feb 2024 00:00:00 GMT", 172_800),
            ("Sat, 01 Mar 2025 00:00:00 GMT", "Fri, 28 Feb 2025 00:00:00 GMT", 86_400),
            ("Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:09 GMT", 0),
        ] as [(String, String?, Int?)])
    func header(text: String, date: String?, seconds: Int?) {
        var headers: HTTPHeaders = ["Retry-After": text]
        headers["Date"] = date
        #expect(headers.retryAfter == seconds.map { .seconds($0) })
    }
}
