internal import Glibc
internal import OS

/// A memory cgroup of one container, beneath the sandbox's own.
struct MemoryCgroup: Sendable {
    let folder: String
    let isVersion2: Bool

    /// Where a process joins.
    var processFile: String { folder + "/cgroup.procs" }

    /// How many processes the kernel has killed in it for want of memory.
    func kills() -> Int {
        let file = folder + (isVersion2 ? "/memory.events" : "/memory.oom_control")
        guard let text = try? String(decoding: Files.read(file), as: UTF8.self) else { return 0 }
        for line in text.split(separator: "\n") where line.hasPrefix("oom_kill ") { return Int(line.dropFirst(9)) ?? 0 }
        return 0
    }

    /// Takes it away. It must be empty; the kernel may need a moment for that after the last process.
    func remove() async {
        for _ in 0..<100 {
            if rmdir(folder) == 0 || errno == ENOENT { return }
            await pause(.milliseconds(20))
        }
    }
}

/// Whether this machine lets the sandbox limit memory, and where.
struct MemoryCgroups: Sendable {
    private let parent: String
    private let isVersion2: Bool

    private init(parent: String, isVersion2: Bool) {
        self.parent = parent
        self.isVersion2 = isVersion2
    }

    /// A folder for the limits of this sandbox, or the reason why there is none.
    static func prepare() -> Result<MemoryCgroups, OSError> {
        let version1 = "/sys/fs/cgroup/memory"
        let isVersion2 = !Files.exists(version1 + "/cgroup.procs")
        let root = isVersion2 ? "/sys/fs/cgroup" : version1
        let home = root + ownPath(isVersion2)
        removeLeftovers(home)
        let parent = "\(home)/glue-sandbox-\(getpid())-\(randomHex(bytes: 3))"
        guard mkdir(parent, 0o755) == 0 || errno == EEXIST else {
            return .failure(OSError("make the cgroup", parent, code: errno))
        }
        do throws(OSError) {
            if isVersion2 { try put("+memory", parent + "/cgroup.subtree_control") }
            let cgroups = MemoryCgroups(parent: parent, isVersion2: isVersion2)
            let trial = try cgroups.make("trial", limit: 64 << 20)
            rmdir(trial.folder)
            return .success(cgroups)
        } catch {
            rmdir(parent)
            return .failure(error)
        }
    }

    /// Those of sandboxes that were killed; one that still lives keeps its own.
    private static func removeLeftovers(_ home: String) {
        for (name, _) in RootFilesystem.Machine.real.entries(home) where name.hasPrefix("glue-sandbox-") {
            let number = name.dropFirst("glue-sandbox-".count).prefix { $0 != "-" }
            guard let pid = pid_t(number), kill(pid, 0) != 0, errno == ESRCH else {
                continue
            }
            for (child, _) in RootFilesystem.Machine.real.entries("\(home)/\(name)") {
                rmdir("\(home)/\(name)/\(child)")
            }
            rmdir("\(home)/\(name)")
        }
    }

    /// A cgroup called `name` that kills above `limit` bytes.
    func make(_ name: String, limit: Int64) throws(OSError) -> MemoryCgroup {
        let cgroup = MemoryCgroup(folder: parent + "/" + name, isVersion2: isVersion2)
        guard mkdir(cgroup.folder, 0o755) == 0 else { throw OSError("make the cgroup", cgroup.folder, code: errno) }
        do throws(OSError) {
            if isVersion2 {
                try Self.put("\(limit)", cgroup.folder + "/memory.max")
                // Not every kernel counts swap; the limit holds without.
                try? Self.put("0", cgroup.folder + "/memory.swap.max")
            } else {
                try Self.put("\(limit)", cgroup.folder + "/memory.limit_in_bytes")
                try? Self.put("\(limit)", cgroup.folder + "/memory.memsw.limit_in_bytes")
            }
        } catch {
            rmdir(cgroup.folder)
            throw error
        }
        return cgroup
    }

    /// Takes the folder away at the end.
    func remove() { rmdir(parent) }

    private static func ownPath(_ isVersion2: Bool) -> String {
        guard let text = try? String(decoding: Files.read("/proc/self/cgroup"), as: UTF8.self) else { return "" }
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            if isVersion2 ? parts[0] == "0" : parts[1].split(separator: ",").contains("memory") {
                return parts[2] == "/" ? "" : String(parts[2])
            }
        }
        return ""
    }

    /// Control files are written in place: the kernel knows no rename there.
    private static func put(_ text: String, _ path: String) throws(OSError) {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw OSError("open", path, code: errno) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard write(file, bytes, bytes.count) == bytes.count else { throw OSError("write", path, code: errno) }
    }
}
