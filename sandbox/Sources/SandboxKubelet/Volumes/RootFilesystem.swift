internal import Glibc
internal import OS

/// One thing put into a container's view of the filesystem.
struct Mount: Sendable, Equatable {
    var target: String
    var source: String
    var isWritable: Bool
}

/// What a container sees: this machine's root read-only, private folders, and its mounts on top.
///
/// A mount point that the machine does not have cannot be made in a read-only root. Its parents are therefore taken
/// apart: each becomes a folder of the container's own, holding the same entries, with room for one more.
struct RootFilesystem: Sendable {
    /// Asks the machine; replaced in tests.
    struct Machine: Sendable {
        var entries: @Sendable (String) -> [(name: String, link: String?)]
        var realPath: @Sendable (String) -> String?
    }

    let mounts: [Mount]
    let machine: Machine

    /// bubblewrap's options.
    func options() -> [String] {
        // Shallow before deep, so that a mount inside another is not covered by it.
        let placed = mounts.map { Mount(target: resolved($0.target), source: $0.source, isWritable: $0.isWritable) }
            .enumerated().sorted { ($0.element.depth, $0.offset) < ($1.element.depth, $1.offset) }.map(\.element)
        var open: Set<String> = []
        for mount in placed where !isInside(mount.target, placed.map(\.target)) {
            var path = mount.target
            guard machine.realPath(path) == nil else { continue }
            while path != "/" {
                path = Self.parent(path)
                if machine.realPath(path) != nil { open.insert(path) }
            }
        }
        var result: [String] = []
        if open.isEmpty {
            result += ["--ro-bind", "/", "/"]
        } else {
            unfold("/", open, &result)
        }
        result += ["--proc", "/proc", "--dev", "/dev"]
        for mount in placed { result += [mount.isWritable ? "--bind" : "--ro-bind", mount.source, mount.target] }
        if !open.isEmpty { result += ["--remount-ro", "/"] }
        return result
    }

    private func unfold(_ folder: String, _ open: Set<String>, _ result: inout [String]) {
        for (name, link) in machine.entries(folder).sorted(by: { $0.name < $1.name }) {
            let path = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
            if path == "/proc" || path == "/dev" { continue }
            if let link {
                result += ["--symlink", link, path]
            } else if open.contains(path) {
                result += ["--dir", path]
                unfold(path, open, &result)
            } else {
                result += ["--ro-bind-try", path, path]
            }
        }
    }

    private func isInside(_ path: String, _ targets: [String]) -> Bool {
        (targets + ["/proc", "/dev"]).contains { $0 != path && path.hasPrefix($0 + "/") }
    }

    /// `path` with the links of its existing part followed.
    private func resolved(_ path: String) -> String {
        var existing = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        var rest = ""
        while existing != "/" {
            if let real = machine.realPath(existing) { return (real == "/" ? "" : real) + rest }
            let parent = Self.parent(existing)
            rest = "/" + existing.dropFirst(parent == "/" ? 1 : parent.count + 1) + rest
            existing = parent
        }
        return rest.isEmpty ? "/" : rest
    }

    private static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}

extension Mount {
    fileprivate var depth: Int { target.split(separator: "/").count }
}

extension RootFilesystem.Machine {
    /// This machine.
    static let real = RootFilesystem.Machine(
        entries: { path in
            guard let folder = opendir(path) else { return [] }
            defer { closedir(folder) }
            var result: [(name: String, link: String?)] = []
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name == "." || name == ".." { continue }
                var buffer = [CChar](repeating: 0, count: 4096)
                let count = readlink(path == "/" ? "/\(name)" : "\(path)/\(name)", &buffer, buffer.count)
                let link =
                    count < 0 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
                result.append((name, link))
            }
            return result
        },
        realPath: { path in
            guard let real = realpath(path, nil) else { return nil }
            defer { free(real) }
            return String(cString: real)
        })
}
