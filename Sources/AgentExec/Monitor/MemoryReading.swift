import JSON
import OS

/// What the kernel says of the container's memory, under either version of control groups.
struct MemoryReading: Sendable, Equatable {
    /// Processes killed for memory so far.
    var kills: Int64?
    /// The most that was used, in bytes.
    var peak: Int64?
    /// What is used now, in bytes.
    var used: Int64?
    /// The limit, in bytes; `nil` when there is none.
    var limit: Int64?

    /// Reads below `root`, which is `/sys/fs/cgroup`. `membership` is the content of `/proc/self/cgroup`.
    static func read(root: String = "/sys/fs/cgroup", membership: String? = nil) -> MemoryReading {
        let membership = membership ?? text("/proc/self/cgroup") ?? ""
        var reading = MemoryReading()
        for folder in folders(root: root, membership: membership) {
            if let events = text(folder + "/memory.events") {
                reading.kills = field("oom_kill", in: events)
                reading.peak = number(folder + "/memory.peak")
                reading.used = number(folder + "/memory.current")
                reading.limit = number(folder + "/memory.max")
                return reading
            }
            if let control = text(folder + "/memory.oom_control") {
                reading.kills = field("oom_kill", in: control)
                reading.peak = number(folder + "/memory.max_usage_in_bytes")
                reading.used = number(folder + "/memory.usage_in_bytes")
                // "No limit" is a very large number there.
                reading.limit = number(folder + "/memory.limit_in_bytes").flatMap { $0 > 1 << 60 ? nil : $0 }
                return reading
            }
        }
        return reading
    }

    /// Own group first; inside a container of its own namespace it is the root.
    private static func folders(root: String, membership: String) -> [String] {
        var result: [String] = []
        for line in membership.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[1].isEmpty || parts[1].split(separator: ",").contains("memory") else {
                continue
            }
            let base = parts[1].isEmpty ? root : root + "/memory"
            result.append(base + (parts[2] == "/" ? "" : parts[2]))
        }
        return result + [root + "/memory", root]
    }

    private static func text(_ path: String) -> String? {
        (try? Files.read(path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func number(_ path: String) -> Int64? {
        text(path).flatMap { Int64($0.prefix { $0.isNumber }) }
    }

    private static func field(_ name: String, in text: String) -> Int64? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == name { return Int64(words[1]) }
        }
        return nil
    }
}
