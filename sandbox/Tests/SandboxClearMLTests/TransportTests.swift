import HTTP
import JSON
import SandboxClearML
import Testing

@Suite("What every call has in common")
struct TransportTests {
    let client = Client()

    @Test(
        "bad credentials are refused with the subcode that says why",
        arguments: [
            (nil, 20), ("Digest x", 10), ("Basic", 21), ("Basic !!", 21), ("Basic eDp5", 22), ("Bearer nonsense", 30),
        ] as [(String?, Int)])
    func unauthorized(header: String?, subcode: Int) async {
        var headers = HTTPHeaders()
        headers["Authorization"] = header
        let answer = await client.send("/tasks.get_all", nil, headers: headers)
        #expect(answer.status == 401)
        #expect(answer.subcode == subcode)
    }

    @Test("a login gives a token with the server's version in it, good until it expires, as header and as cookie")
    func login() async throws {
        let response = await client.sandbox.respond(
            to: HTTPRequest(.get, "/auth.login?expiration_sec=60", headers: ["Authorization": Client.basic]))
        let token = try #require(try JSONValue(parsing: response.body).at("data", "token")?.string)
        let parts = token.split(separator: ".")
        #expect(parts.count == 3)
        #expect(response.headers["Set-Cookie"]?.hasPrefix("clearml_token_basic=\(token)") == true)
        let payload = try JSONValue(parsing: decoded(String(parts[1])))
        #expect(payload["api_version"] == "2.34" && payload["server_version"] == "2.3.0")
        #expect(payload["feature_set"] == "basic")
        let life = try #require(payload["exp"]?.integer) - #require(payload["iat"]?.integer)
        #expect(life == 60)

        let bearer = HTTPHeaders(dictionaryLiteral: ("Authorization", "Bearer \(token)"))
        #expect(await client.send("/users.get_current_user", nil, headers: bearer).status == 200)
        let cookie = HTTPHeaders(dictionaryLiteral: ("Cookie", "a=b; clearml_token_basic=\(token)"))
        #expect(await client.send("/users.get_current_user", nil, headers: cookie).status == 200)
        client.clock.advance(seconds: 61)
        let expired = await client.send("/users.get_current_user", nil, headers: bearer)
        #expect(expired.status == 401 && expired.subcode == 30)
    }

    private func decoded(_ text: String) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var bits: [Bool] = []
        for character in text {
            let value = alphabet.firstIndex(of: character) ?? 0
            for bit in (0..<6).reversed() { bits.append(value >> bit & 1 == 1) }
        }
        return (0..<bits.count / 8).map { byte in bits[byte * 8..<byte * 8 + 8].reduce(0) { $0 << 1 | ($1 ? 1 : 0) } }
    }

    @Test("any method, a version in the path, a query, a form and a slash at the end are all understood")
    func forms() async {
        let headers = HTTPHeaders(dictionaryLiteral: ("Authorization", Client.basic))
        for (path, method) in [
            ("/queues.get_all", HTTPRequest.Method.get), ("/v2.5/queues.get_all/", .put),
            ("/v2.99/queues.get_all", .post),
        ] {
            let answer = await client.send(path, Array(#"{"name":"^default$"}"#.utf8), method: method, headers: headers)
            #expect(answer["queues"]?.array?.count == 1, "\(path)")
        }
        let query = await client.send("/queues.get_all?name=%5Edefault%24&page=0&page_size=5", nil, headers: headers)
        #expect(query["queues"]?.array?.count == 1)
        var form = headers
        form.add("Content-Type", "application/x-www-form-urlencoded")
        let posted = await client.send("/queues.get_all", Array("name=no+such&page=0".utf8), headers: form)
        #expect(posted["queues"]?.array?.isEmpty == true)
    }

    @Test("an unknown action and an action newer than the asked version are 404/0")
    func unknownEndpoint() async {
        let unknown = await client.call("workers.get_runtime_properties")
        #expect(unknown.status == 404 && unknown.subcode == 0)
        #expect(
            unknown.meta["result_msg"]
                == "Unable to find endpoint for name workers.get_runtime_properties and version 2.34")
        #expect(await client.call("v2.14/queues.peek_task", ["queue": "x"]).status == 404)
        #expect(await client.call("v2.15/queues.peek_task", ["queue": "x"]).subcode == 701)
    }

    @Test("the envelope names the endpoint, the versions and the transaction")
    func envelope() async {
        let answer = await client.send(
            "/v2.20/queues.get_all", nil, headers: ["Authorization": Client.basic, "X-Clearml-Trx": "abc"])
        #expect(answer.meta["trx"] == "abc")
        #expect(
            answer.meta["endpoint"]
                == ["name": "queues.get_all", "requested_version": "2.20", "actual_version": "2.4"])
        #expect(answer.meta["error_data"] == [:] && answer.meta["error_stack"] == JSONValue.null)
        #expect(answer.meta["result_msg"] == "OK")
    }

    @Test("malformed bodies and wrong types are refused, each with its code")
    func malformed() async {
        let headers = HTTPHeaders(dictionaryLiteral: ("Authorization", Client.basic))
        #expect(await client.send("/tasks.get_all", Array("{".utf8), headers: headers).status == 400)
        #expect(await client.call("tasks.get_by_id", [:]).subcode == 12)
        #expect(await client.call("tasks.get_by_id", ["task": 5]).subcode == 12)
        #expect(await client.call("tasks.create", ["name": "abc", "type": "odd"]).subcode == 12)
        #expect(await client.call("tasks.create", ["name": "ab", "type": "training"]).subcode == 800)
        let project = await client.call("tasks.create", ["name": "abc", "type": "training", "project": "x"])
        #expect(project.subcode == 16)
        #expect(await client.call("tasks.get_all", ["only_fields": ["nonsense"]]).subcode == 14)
        #expect(await client.call("tasks.get_all", ["only_fields": ["execution.queue.name"]]).subcode == 14)
    }
}

@Suite("Numbers far out")
struct ExtremeNumberTests {
    /// A trap would end the test process; an answer of any code is fine.
    @Test(
        "no number makes the server overflow",
        arguments: [Int64.min, -1, 0, Int64.max].map(JSONValue.integer) + [.double(1e300), .double(-1e300)])
    func far(number: JSONValue) async {
        let client = Client()
        let queue = await client.makeQueue("queue")
        let id = await client.makeTask()
        await client.call("queues.add_task", ["queue": .string(queue), "task": .string(id)])
        let calls: [(String, JSONValue)] = [
            ("auth.login", ["expiration_sec": number]), ("tasks.get_all", ["page": number, "page_size": number]),
            ("tasks.get_all", ["page": number, "page_size": 500]),
            ("tasks.get_all", ["size": number, "scroll_id": .string(number.text())]),
            ("tasks.get_all", ["size": 5, "scroll_id": .string(number.text())]),
            ("queues.get_all", ["max_task_entries": number]),
            ("queues.move_task_backward", ["queue": .string(queue), "task": .string(id), "count": number]),
            ("workers.register", ["worker": "w", "timeout": number]), ("workers.get_all", ["last_seen": number]),
            ("events.get_task_log", ["task": .string(id), "batch_size": number, "from_timestamp": number]),
            ("events.scalar_metrics_iter_histogram", ["task": .string(id), "samples": number]),
            ("events.clear_task_log", ["task": .string(id), "threshold_sec": number]),
            (
                "events.add",
                [
                    "type": "training_stats_scalar", "task": .string(id), "iter": number, "timestamp": number,
                    "value": number,
                ]
            ),
            ("events.add", ["type": "log", "task": .string(id), "timestamp": number, "msg": "x"]),
        ]
        for (action, body) in calls {
            let answer = await client.call(action, body)
            #expect([200, 400].contains(answer.status), "\(action) \(body.text())")
        }
        #expect(await client.status(id) == "created")
    }
}
