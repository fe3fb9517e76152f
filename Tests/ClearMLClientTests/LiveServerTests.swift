import ClearMLClient
import CurlTransport
import HTTP
import JSON
import Logging
import OS
import Testing

/// Against a server that runs: `CLEARML_LIVE_TEST=1` and the `CLEARML_API_…` variables, of glue-sandbox or the real one.
@Suite("A live server", .enabled(if: ProcessFacts.environment()["CLEARML_LIVE_TEST"] == "1"), .serialized)
struct LiveServerTests {
    private let server: ClearMLServer

    init() throws {
        let configuration = try ClearMLConfiguration.load(
            environment: ProcessFacts.environment(), workerName: "live-test")
        server = ClearMLServer(
            configuration: configuration, transport: CurlTransport(tls: configuration.tls),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func makeTask() async throws -> String {
        let body: JSONValue = [
            "name": "live test", "type": "training", "script": ["entry_point": "a.py", "working_dir": "."],
            "container": ["image": "python:3.11", "arguments": "-e A=1"],
        ]
        return try #require(try await server.call("tasks.create", body)["id"]?.string)
    }

    @Test("a task goes from a queue through the pending queue to its end")
    func claim() async throws {
        #expect(try await server.login().api >= .needed)
        let mark = randomHex(bytes: 4)
        let origin = try await server.createQueue(name: "live.(\(mark))")
        let pending = try await server.createQueue(name: "k8s:live/\(mark)", systemTags: ["k8s-glue"])
        #expect(try await server.queue(named: "live.(\(mark))")?.id == origin)
        #expect(try await server.queue(named: "k8s:live/\(mark)")?.id == pending)
        #expect(try await server.queue(named: "live.x\(mark))") == nil)
        let twice = await #expect(throws: ClearMLError.self) { try await server.createQueue(name: "live.(\(mark))") }
        #expect(twice?.isRefusal(.duplicate) == true)

        let id = try await makeTask()
        #expect(try await server.task(id)?.status == .created)
        #expect(try await server.task(String(repeating: "0", count: 32)) == nil)
        try await server.enqueue(task: id, queue: origin, reason: "live")
        #expect(try await server.addToQueue(origin, task: id, updateExecutionQueue: true) == false)
        let seen = try await server.queues(ids: [origin, pending], maxEntries: 10)
        #expect(Set(seen.map(\.id)) == [origin, pending])
        let entry = try #require(seen.first { $0.id == origin }?.entries.first)
        #expect(entry.task == id && Timestamp(iso: entry.added) != nil)

        #expect(try await server.removeFromQueue(origin, task: id) == true)
        #expect(try await server.removeFromQueue(origin, task: id) == false)
        #expect(try await server.editRuntime(task: id, set: ["glue_claim": "a/b/1", "x": "y"]))
        #expect(try await server.addToQueue(pending, task: id, updateExecutionQueue: true))
        let found = try await server.tasks(status: [.queued], executionQueue: pending, fields: ["status", "runtime"])
        #expect(found.map(\.id) == [id])
        #expect(found.first?.runtime["glue_claim"] == "a/b/1")

        #expect(try await server.removeFromQueue(pending, task: id))
        #expect(try await server.dequeue(task: id, newStatus: .inProgress, reason: "entered"))
        try await server.started(task: id, reason: "live")
        try await server.ping(task: id)
        #expect(try await server.editRuntime(task: id, set: ["x": "z"], remove: ["glue_claim"]))
        try await server.setRequirements(task: id, ["pip": ["numpy==1.0"]])
        try await server.editScript(task: id, ["version_num": "abc"])
        try await server.setUserProperty(task: id, name: "k8s-queue", value: "live")
        let now = Timestamp.now().milliseconds
        let lines = (0..<3).map {
            LogLine(task: id, level: "INFO", message: "line \($0)\r\u{2028}\n", timestamp: now + Int64($0), worker: "w")
        }
        #expect(try await server.addEvents(lines) == EventReceipt(sent: 3, stored: 3, refusals: [:]))
        try await server.failed(task: id, reason: "r", message: "m")
        #expect(try await server.dequeue(task: id, newStatus: .inProgress) == false)

        let end = try #require(try await server.task(id))
        #expect(end.status == .failed && end.statusReason == "r" && end.statusMessage == "m")
        #expect(end.runtime["x"] == "z" && end.runtime["glue_claim"] == nil)
        #expect(end.script["version_num"] == "abc" && end.script["entry_point"] == "a.py")
        #expect(end.hyperparameter(section: "properties", name: "k8s-queue") == "live")
        #expect(end.containerImage == "python:3.11")
        #expect(end.executionQueue == pending)
        // Requeued in one call, and aborted from the queue.
        try await server.enqueue(task: id, queue: origin, force: true, reason: "again")
        try await server.stop(task: id)
        #expect(try await server.task(id)?.status == .stopped)
        #expect(try await server.queues(ids: [origin], maxEntries: 1).first?.entries == [])
    }

    @Test("of many who take one token exactly one has it")
    func race() async throws {
        let queue = try await server.createQueue(name: "race-\(randomHex(bytes: 4))")
        let id = try await makeTask()
        for _ in 0..<10 {
            #expect(try await server.addToQueue(queue, task: id, updateExecutionQueue: true))
            let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 { group.addTask { try await server.removeFromQueue(queue, task: id) } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(wins == 1)
        }
    }

    @Test("a worker comes, reports and goes")
    func worker() async throws {
        let queue = try await server.createQueue(name: "worker-\(randomHex(bytes: 4))")
        let name = "live-\(randomHex(bytes: 4))"
        func isListed() async throws -> Bool {
            let workers = try await server.call("workers.get_all")["workers"]?.array ?? []
            return workers.contains { $0["id"]?.string == name }
        }
        try await server.registerWorker(name, queues: [queue])
        let now = Timestamp.now().milliseconds
        try await server.reportWorker(name, timestamp: now, queues: [queue], machineStats: ["memory_used": 1])
        #expect(try await isListed())
        try await server.unregisterWorker(name)
        #expect(try await !isListed())
    }

    @Test("wrong keys are refused with a hint")
    func wrongKey() async throws {
        var configuration = server.configuration
        configuration.secretKey = Secret("wrong-secret")
        let stranger = ClearMLServer(
            configuration: configuration, transport: CurlTransport(tls: configuration.tls),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let error = await #expect(throws: ClearMLError.self) { try await stranger.login() }
        #expect(error?.isUnauthorized == true && error?.isPermanent == true)
        #expect(error?.description.contains("CLEARML_API_SECRET_KEY") == true)
    }
}
