import JSON

/// The events of all tasks. Log lines are kept in the order of their timestamps, metrics by what identifies them:
/// the same metric, variant and iteration sent again replaces what was there.
struct EventLog {
    /// What identifies a metric event inside its task.
    struct Key: Hashable {
        let type: String
        let metric: String
        let variant: String
        let iteration: Int64
    }

    /// One task's events.
    struct TaskEvents {
        var log: [(timestamp: Int64, event: JSONValue)] = []
        var metrics: [Key: JSONValue] = [:]
        var bytes = 0
    }

    private let byteLimit: Int
    private var byTask: [String: TaskEvents] = [:]
    private var bytes = 0

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    /// The events of `task`.
    subscript(task: String) -> TaskEvents { byTask[task] ?? TaskEvents() }

    /// Adds a log line behind those of the same or an earlier timestamp.
    mutating func add(line event: JSONValue, task: String, timestamp: Int64) {
        var place = self.byTask[task]?.log.count ?? 0
        while place > 0, let before = byTask[task]?.log[place - 1].timestamp, before > timestamp { place -= 1 }
        byTask[task, default: TaskEvents()].log.insert((timestamp, event), at: place)
        count(Self.size(event), task)
    }

    mutating func add(metric event: JSONValue, task: String, key: Key) {
        let old = byTask[task, default: TaskEvents()].metrics.updateValue(event, forKey: key)
        count(Self.size(event) - (old.map(Self.size) ?? 0), task)
    }

    mutating func remove(task: String) { bytes -= byTask.removeValue(forKey: task)?.bytes ?? 0 }

    /// Removes log lines older than `timestamp`, or all; returns how many went.
    mutating func removeLog(of task: String, before timestamp: Int64?) -> Int {
        guard let lines = byTask[task]?.log else { return 0 }
        let count = timestamp.map { limit in lines.prefix { $0.timestamp < limit }.count } ?? lines.count
        drop(count, from: task)
        return count
    }

    private static func size(_ event: JSONValue) -> Int {
        let texts = ["msg", "plot_str", "url", "metric", "variant"].compactMap { event[$0]?.string?.utf8.count }
        return 256 + texts.reduce(0, +)
    }

    private mutating func count(_ change: Int, _ task: String) {
        byTask[task]?.bytes += change
        bytes += change
        while bytes > byteLimit, let longest = byTask.max(by: { $0.value.bytes < $1.value.bytes }) {
            let lines = longest.value.log.count
            if lines == 0 {
                remove(task: longest.key)
            } else {
                drop(max(1, lines / 4), from: longest.key)
            }
        }
    }

    private mutating func drop(_ count: Int, from task: String) {
        guard let lines = byTask[task]?.log.prefix(count) else { return }
        let size = lines.reduce(0) { $0 + Self.size($1.event) }
        byTask[task]?.log.removeFirst(count)
        byTask[task]?.bytes -= size
        bytes -= size
    }
}
