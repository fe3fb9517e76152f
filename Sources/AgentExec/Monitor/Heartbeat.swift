import ClearMLClient
import Glibc
import JSON
import OS

/// Shows the server that the task is alive, and how its container fares.
struct Heartbeat: Sendable {
    /// The server calls a worker dead after minutes; the peer reports this often.
    static let interval = Duration.seconds(30)

    let configuration: ExecutorConfiguration
    let server: ClearMLServer
    let pace: Pace
    let say: @Sendable (String) -> Void

    /// Registers and reports until cancelled. A report that fails is told once: the next one comes anyway.
    func run() async {
        var hasComplained = false
        var before = ProcessorReading.read()
        var isRegistered = false
        while !Task.isCancelled {
            do throws(ClearMLError) {
                if !isRegistered {
                    try await server.registerWorker(configuration.worker)
                    isRegistered = true
                }
                let now = ProcessorReading.read()
                try await server.reportWorker(
                    configuration.worker, timestamp: Timestamp.now().milliseconds, task: configuration.taskID,
                    machineStats: Self.statistics(from: before, to: now, memory: .read()))
                before = now
                hasComplained = false
            } catch {
                if !hasComplained, !Task.isCancelled { say("cannot report to the server, going on: \(error)") }
                hasComplained = true
            }
            do { try await pace.sleep(Self.interval) } catch { return }
        }
    }

    /// The last report, without the task, and out of the list.
    func end() async {
        // A worker that stays in the list for its ten minutes harms nobody: not worth a word at the end.
        try? await server.unregisterWorker(configuration.worker)
    }

    /// As the server's schema has it: percent, and MB.
    static func statistics(from: ProcessorReading?, to: ProcessorReading?, memory: MemoryReading) -> JSONValue {
        var value: JSONValue = [:]
        if let from, let to, to.total > from.total {
            let busy = Double(to.busy - from.busy) / Double(to.total - from.total) * 100
            value["cpu_usage"] = .array([.double((busy * 1000).rounded() / 1000)])
        }
        if let used = memory.used {
            value["memory_used"] = .double(Double(used >> 10) / 1024)
            if let limit = memory.limit { value["memory_free"] = .double(Double(max(0, limit - used) >> 10) / 1024) }
        }
        return value
    }
}

/// The machine's processor time so far, in ticks.
struct ProcessorReading: Sendable, Equatable {
    var busy: Int64
    var total: Int64

    /// Reads `/proc/stat`.
    static func read() -> ProcessorReading? {
        guard let bytes = try? Files.read("/proc/stat", limit: 4 << 20) else { return nil }
        return ProcessorReading(parsing: String(decoding: bytes, as: UTF8.self))
    }

    /// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal.
    init?(parsing text: String) {
        let words = text.prefix { $0 != "\n" }.split(separator: " ")
        guard words.first == "cpu", words.count >= 6 else { return nil }
        let ticks = words.dropFirst().prefix(8).compactMap { Int64($0) }
        total = ticks.reduce(0, +)
        busy = total - ticks[3] - ticks[4]
    }
}
