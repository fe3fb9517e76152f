import ClearMLClient
import HTTP
import JSON
import TestKit
import Testing

@Suite("Console lines")
struct EventTests {
    private func line(_ message: String, at timestamp: Int64 = 1) -> LogLine {
        LogLine(task: "t", level: "INFO", message: message, timestamp: timestamp, worker: "w")
    }

    @Test("lines go as JSON lines, each on one line whatever it holds")
    func format() async throws {
        let bench = Bench.loggedIn([answer(["added": 2, "errors": 0, "errors_info": [:]])])
        let receipt = try await bench.server.addEvents([line("a\r\n\u{b}\u{c}b\u{2028}"), line("c", at: 2)])
        #expect(receipt == EventReceipt(sent: 2, stored: 2, refusals: [:]))
        let request = try #require(bench.transport.requests.last)
        #expect(request.headers["Content-Type"] == "application/json-lines")
        let body = try #require(request.body)
        let pieces = body.split { [0x0a, 0x0d, 0x0b, 0x0c].contains($0) }
        #expect(pieces.count == 2)
        #expect(try JSONValue(parsing: pieces[0])["msg"] == "a\r\n\u{b}\u{c}b\u{2028}")
        #expect(try JSONValue(parsing: pieces[1])["timestamp"] == 2)
        bench.finish()
    }

    @Test("no body is larger than 1 MiB, and no line is lost or changes its place")
    func splitting() async throws {
        let lines = (0..<40).map { line(String(repeating: "é", count: 40_000), at: Int64($0)) }
        let each: ScriptedTransport.Step = { request in
            let sent = request.body?.split(separator: 0x0a).count ?? 0
            return answer(["added": .integer(Int64(sent)), "errors": 0])(request)
        }
        let bench = Bench.loggedIn([each, each, each, each])
        let receipt = try await bench.server.addEvents(lines)
        #expect(receipt.stored == 40)
        let bodies = bench.transport.requests.dropFirst().compactMap(\.body)
        #expect(bodies.allSatisfy { $0.count <= 1 << 20 })
        let stamps = try bodies.joined().split(separator: 0x0a).map { try JSONValue(parsing: $0)["timestamp"]?.integer }
        #expect(stamps == (0..<40).map { Int64($0) })
        bench.finish()
    }

    @Test("what the server refuses of a batch is reported")
    func partial() async throws {
        let bench = Bench.loggedIn([answer(["added": 1, "errors": 2, "errors_info": ["Invalid task id": 2]])])
        let receipt = try await bench.server.addEvents([line("a"), line("b"), line("c")])
        #expect(receipt == EventReceipt(sent: 3, stored: 1, refusals: ["Invalid task id": 2]))
        bench.finish()
    }

    @Test("a line that can never be sent is said to be so, and nothing is sent")
    func tooLarge() async throws {
        let bench = Bench.loggedIn([])
        let error = await #expect(throws: ClearMLError.self) {
            try await bench.server.addEvents([line(String(repeating: "x", count: 1 << 20))])
        }
        #expect(error?.isPermanent == true)
        #expect(bench.transport.requests.isEmpty)
    }

    @Test("lines whose fate is unknown are not sent twice")
    func ambiguous() async {
        let bench = Bench.loggedIn([broken(.timeout, mayHaveActed: true)])
        await #expect(throws: ClearMLError.self) { try await bench.server.addEvents([line("a")]) }
        bench.finish()
    }
}
