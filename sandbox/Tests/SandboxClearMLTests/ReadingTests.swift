import HTTP
import JSON
import SandboxClearML
import Testing

@Suite("Lists, events, workers, files")
struct ReadingTests {
    let client = Client()

    @Test("only_fields shows exactly those fields, and of a path only that branch")
    func onlyFields() async {
        let id = await client.makeTask("a task", ["container": ["image": "x"], "runtime": ["a": "1", "b": "2"]])
        func fields(_ names: JSONValue) async -> JSONValue? {
            await client.call("tasks.get_all", ["id": [.string(id)], "only_fields": names])["tasks"]?[0]
        }
        #expect(await fields(["status"]) == ["status": "created"])
        #expect(await fields(["id", "runtime.a", "runtime.none"]) == ["id": .string(id), "runtime": ["a": "1"]])
        #expect(await fields(["status_message"]) == [:])
    }

    @Test("filters take lists, exclusions, names, dates and paths")
    func filters() async {
        let queue = await client.makeQueue("queue")
        let a = await client.makeTask("alpha", ["tags": ["x"]])
        client.clock.advance(seconds: 10)
        let b = await client.makeTask("beta", ["tags": ["x", "y"], "system_tags": ["archived"]])
        await client.call("tasks.enqueue", ["task": .string(b), "queue": .string(queue)])
        let both = await client.call("tasks.get_all", ["id": [.string(a), .string(b), "gone"]])["tasks"]
        #expect(both?.array?.compactMap { $0["id"]?.string } == [a, b])
        func ids(_ body: JSONValue) async -> [String] {
            let tasks = await client.call("tasks.get_all", body)["tasks"]?.array ?? []
            return tasks.compactMap { $0["id"]?.string }
        }
        #expect(await ids(["status": ["queued"], "execution.queue": [.string(queue)]]) == [b])
        #expect(await ids(["system_tags": ["-archived"]]) == [a])
        #expect(await ids(["tags": ["x"]]) == [a, b])
        #expect(await ids(["tags": ["__$and", "x", "y"]]) == [b])
        #expect(await ids(["name": "^ALPHA$"]) == [a])
        #expect(await ids(["name": "a.*a"]) == [a])
        let created = await client.task(b)["created"]?.string ?? ""
        #expect(await ids(["created": [.string(">=" + created)]]) == [b])
        #expect(await ids(["order_by": ["-name"]]) == [b, a])
        #expect(await ids(["page": 1, "page_size": 1]) == [b])
        let scroll = await client.call("tasks.get_all", ["size": 1])["scroll_id"]
        #expect(await ids(["size": 1, "scroll_id": scroll ?? nil]) == [b])
    }

    @Test("the console comes back in the order of time, a page never ends inside one timestamp")
    func console() async {
        let id = await client.makeTask()
        let lines = [(3, "d"), (1, "a"), (2, "b"), (2, "c")].map { stamp, text -> JSONValue in
            [
                "type": "log", "task": .string(id), "msg": .string(text), "timestamp": .integer(Int64(stamp)),
                "level": "INFO",
            ]
        }
        #expect(await client.batch("events.add_batch", lines)["added"] == 4)
        func text(_ body: JSONValue) async -> String {
            var body = body
            body["task"] = .string(id)
            let events = await client.call("events.get_task_log", body)["events"]?.array ?? []
            return events.compactMap { $0["msg"]?.string }.joined()
        }
        #expect(await text([:]) == "dcba")
        #expect(await text(["order": "asc"]) == "abcd")
        #expect(await text(["batch_size": 2]) == "dcb")
        #expect(await text(["navigate_earlier": false, "batch_size": 2]) == "abc")
        #expect(await text(["navigate_earlier": false, "from_timestamp": 2]) == "d")
        #expect(await text(["from_timestamp": 2]) == "a")
    }

    @Test("a batch adds what is good and counts what is not; all bad is 400/131, a broken line spoils the batch")
    func batches() async {
        let id = await client.makeTask()
        let good: JSONValue = ["type": "log", "task": .string(id), "msg": "x"]
        let mixed = await client.batch("events.add_batch", [good, ["type": "log", "task": "no"], ["type": "odd"]])
        #expect(mixed["added"] == 1 && mixed["errors"] == 2)
        #expect(mixed["errors_info"]?["Invalid task id"] == 1)
        #expect(await client.batch("events.add_batch", [["type": "log", "task": "no"]]).subcode == 131)
        #expect(await client.batch("events.add_batch", []).subcode == 17)
        #expect(await client.batch("events.add_batch", [good, [1]]).status == 400)
        #expect(await client.call("events.add_batch", good).status == 400)
        #expect(await client.call("events.get_task_log", ["task": .string(id)])["total"] == 1)
    }

    @Test("scalars become curves, the last value and the last iteration; sent again they replace themselves")
    func scalars() async {
        let id = await client.makeTask()
        let points = [(0, 1.0), (1, 0.5), (1, 0.5), (2, 0.25)].map { step, value -> JSONValue in
            [
                "type": "training_stats_scalar", "task": .string(id), "metric": "loss", "variant": "train",
                "iter": .integer(Int64(step)), "value": .double(value), "timestamp": .integer(Int64(step)),
            ]
        }
        #expect(await client.batch("events.add_batch", points)["added"] == 4)
        let curve = await client.call("events.scalar_metrics_iter_histogram", ["task": .string(id)]).data
        #expect(curve.at("loss", "train") == ["name": "train", "x": [0, 1, 2], "y": [1, 0.5, 0.25]])
        let task = await client.task(id)
        #expect(task["last_iteration"] == 2)
        // The keys are the MD5 sums of the names, as seen on the server.
        let last = task.at("last_metrics", "81513effdf5790b79549208838404407", "61b3a8faa9c1091806675c230a9abe64")
        #expect(last?["metric"] == "loss" && last?["value"] == 0.25)
        let text: JSONValue = ["type": "training_stats_scalar", "task": .string(id), "value": "high"]
        #expect(await client.batch("events.add_batch", [text]).status == 500)
    }

    @Test("events stay inside their bound: the oldest lines go first")
    func bound() async {
        let client = Client(eventBytesLimit: 10_000)
        let id = await client.makeTask()
        for place in 0..<100 {
            let line: JSONValue = [
                "type": "log", "task": .string(id), "timestamp": .integer(Int64(place)),
                "msg": .string(String(repeating: "x", count: 100)),
            ]
            #expect(await client.batch("events.add_batch", [line])["added"] == 1)
        }
        let log = await client.call("events.get_task_log", ["task": .string(id), "order": "asc"])
        let total = log["total"]?.int ?? 0
        #expect(total > 10 && total * 356 <= 10_000)
        #expect(log["events"]?.array?.last?["timestamp"] == 99)
    }

    @Test("a worker is there until it is silent for its timeout or leaves")
    func workers() async {
        let queue = await client.makeQueue("queue")
        #expect(await client.call("workers.register", ["worker": "w", "queues": ["no"]]).subcode == 701)
        #expect(await client.call("workers.register", ["worker": "w", "timeout": 0]).subcode == 1002)
        await client.call("workers.register", ["worker": "w", "timeout": 60, "queues": [.string(queue)]])
        await client.call("workers.status_report", ["worker": "other", "timestamp": 1])
        let stats: JSONValue = ["worker": "w", "timestamp": 1, "machine_stats": ["cpu_usage": ["x"]]]
        #expect(await client.call("workers.status_report", stats).subcode == 12)
        let lost: JSONValue = ["worker": "w", "timestamp": 1, "task": "no"]
        #expect(await client.call("workers.status_report", lost).subcode == 101)
        func names() async -> [String] {
            let workers = await client.call("workers.get_all")["workers"]?.array ?? []
            return workers.compactMap { $0["id"]?.string }
        }
        #expect(await names() == ["other", "w"])
        client.clock.advance(seconds: 61)
        #expect(await names() == ["other"])
        await client.call("workers.unregister", ["worker": "other"])
        #expect(await names() == [])
    }

    @Test("the many form answers 200 and lists successes and failures")
    func many() async {
        let id = await client.makeTask()
        let answer = await client.call("tasks.delete_many", ["ids": [.string(id), "no"]])
        #expect(answer.status == 200)
        #expect(answer["succeeded"]?[0]?["id"] == .string(id))
        #expect(answer["failed"]?[0]?["error"]?["codes"] == [400, 101])
    }

    @Test("hyperparameters: properties at any status, others only while created")
    func hyperparameters() async {
        let id = await client.makeTask()
        let property: JSONValue = ["section": "properties", "name": "k8s-queue", "value": "q"]
        let general: JSONValue = ["section": "General", "name": "lr", "value": "1"]
        await client.call("tasks.failed", ["task": .string(id), "force": true])
        #expect(
            await client.call("tasks.edit_hyper_params", ["task": .string(id), "hyperparams": [property]]).status == 200
        )
        #expect(
            await client.call("tasks.edit_hyper_params", ["task": .string(id), "hyperparams": [general]]).subcode == 110
        )
        #expect(await client.task(id).at("hyperparams", "properties", "k8s-queue", "value") == "q")
    }

    @Test("a project is made with its parents and knows its path")
    func projects() async {
        let id = await client.call("projects.create", ["name": "demo/alpha"])["id"]?.string ?? ""
        let project = await client.call("projects.get_by_id", ["project": .string(id)])["project"]
        #expect(project?["basename"] == "alpha")
        let parent = await client.call("projects.get_all", ["name": "^demo$", "only_fields": ["id"]])["projects"]?[0]
        #expect(project?["parent"] == parent?["id"])
        #expect(await client.call("projects.get_by_id", ["project": "x"]).subcode == 401)
    }

    @Test("a file that is put, or posted in a form, is there until it is deleted")
    func files() async {
        let sandbox = client.sandbox
        _ = await sandbox.respond(to: HTTPRequest(.put, "/files/a/b%20c.bin", body: [1, 2, 3]))
        #expect(await sandbox.respond(to: HTTPRequest(.get, "/files/a/b%20c.bin")).body == [1, 2, 3])
        let form =
            "--B\r\nContent-Disposition: form-data; name=\"dir/x.txt\"; filename=\"dir/x.txt\"\r\n\r\nhello\r\n--B--\r\n"
        let posted = await sandbox.respond(
            to: HTTPRequest(
                .post, "/files", headers: ["Content-Type": "multipart/form-data; boundary=B"],
                body: Array(form.utf8)))
        #expect(String(decoding: posted.body, as: UTF8.self) == #"["/files/dir/x.txt"]"#)
        #expect(await sandbox.respond(to: HTTPRequest(.get, "/files/dir/x.txt")).body == Array("hello".utf8))
        #expect(await sandbox.respond(to: HTTPRequest(.delete, "/files/dir/x.txt")).status == 200)
        #expect(await sandbox.respond(to: HTTPRequest(.get, "/files/dir/x.txt")).status == 404)
    }
}
