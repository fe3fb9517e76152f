import JSON
import Testing

@Suite("What the stock clients and the real server said, said again to the sandbox")
struct TranscriptReplayTests {
    /// A field that differs rightly, and why.
    struct Allowed: Sendable {
        let action: String
        /// The end of the path.
        let field: String
        let reason: String
    }

    static let allowed = ["first_value", "min_value", "max_value"].flatMap { name in
        [name, name + "_iteration"].map { field in
            Allowed(
                action: "tasks.get_by_id", field: "." + field,
                reason: "named by the API's schema and read by the SDK (`Task.get_last_scalar_metrics`); "
                    + "the recorded server's store did not keep it")
        }
    }

    @Test("every recorded exchange gets the same codes, fields, types and settled values", arguments: Transcript.names)
    func replay(name: String) async throws {
        var replay = Replay(try Transcript(name))
        await replay.run()
        let differences = replay.differences.filter { difference in
            !Self.allowed.contains { $0.action == difference.action && difference.path.hasSuffix($0.field) }
        }
        print(
            "transcript \(name): \(replay.compared) exchanges, \(replay.values) values compared,",
            "\(replay.differences.count - differences.count) allowed differences, \(differences.count) others")
        #expect(replay.compared > 20 && replay.values > 100)
        #expect(differences.isEmpty, "\(differences.map(\.description).joined(separator: "\n"))")
    }

    @Test(
        "a replay does notice a wrong code, a missing field, a field too many, another type and another value",
        arguments: [
            ("tasks.started", ["fields": ["status": "in_progress"], "started": 1, "updated": 1]),
            ("tasks.set_requirements", ["fields": [:], "updated": 1, "more": 1]),
            ("tasks.set_requirements", ["fields": [], "updated": 1]),
            ("tasks.set_requirements", ["fields": [:], "updated": 0]),
        ] as [(String, JSONValue)])
    func notices(action: String, recorded: JSONValue) async throws {
        var transcript = try Transcript("sdk_manual")
        let place = try #require(transcript.exchanges.firstIndex { $0.action == action })
        transcript.exchanges[place].response["data"] = recorded
        var replay = Replay(transcript)
        await replay.run()
        #expect(!replay.differences.isEmpty)
        #expect(replay.differences.contains { $0.action == action })
    }

    @Test("a replay does notice another status")
    func noticesStatus() async throws {
        var transcript = try Transcript("glue_apply_error")
        let place = try #require(transcript.exchanges.firstIndex { $0.response["result_subcode"] == 703 })
        transcript.exchanges[place].response["result_subcode"] = 701
        var replay = Replay(transcript)
        await replay.run()
        #expect(replay.differences.map(\.path) == ["subcode"])
    }
}
