import Glibc
import OS

/// Why the bundle could not be installed.
struct InstallationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What failed and what to do.
    var description: String
}

/// Copies the bundle that this program belongs to into another folder, for containers that mount it.
struct Installation: Sendable {
    /// The bundle's folder.
    var source: String?
    /// Where it goes.
    var target: String

    /// The bundle that this program lies in, to `target`.
    init(target: String, source: String? = Toolbox(path: nil).bundle) {
        self.target = target
        self.source = source
    }

    /// Copies what is not there yet or differs; returns how many files the bundle has.
    ///
    /// *Guarantees.* A file appears whole or not at all and is on the disk when this returns: the next container may
    /// start on it at once. Doing it twice is doing it once.
    func run() throws(InstallationError) -> Int {
        guard let source else {
            throw InstallationError(description: "cannot install: this program does not lie in the `bin` of a bundle")
        }
        var count = 0
        do throws(OSError) {
            try copy(source, target, &count)
        } catch {
            let hint = error.isNoSpace ? " — give the volume more space" : " — the volume must be mounted and writable"
            throw InstallationError(description: "cannot install into `\(target)`: \(error)\(hint)")
        }
        return count
    }

    private func copy(_ from: String, _ to: String, _ count: inout Int) throws(OSError) {
        var facts = stat()
        guard lstat(from, &facts) == 0 else { throw OSError("read", from, code: errno) }
        switch facts.st_mode & S_IFMT {
        case S_IFDIR:
            try Files.makeFolder(to)
            for name in try names(in: from) { try copy(from + "/" + name, to + "/" + name, &count) }
            try synchronize(to)
            // A volume's own root may belong to somebody else: its mode is not ours to change.
            if to != target, chmod(to, facts.st_mode & 0o7777) != 0 {
                throw OSError("set the mode of", to, code: errno)
            }
        case S_IFLNK:
            try copyLink(from, to)
            count += 1
        case S_IFREG:
            try copyFile(from, to, facts)
            count += 1
        default: break  // sockets and devices are no part of a bundle
        }
    }

    private func copyLink(_ from: String, _ to: String) throws(OSError) {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink(from, &buffer, buffer.count - 1)
        guard length > 0 else { throw OSError("read the link", from, code: errno) }
        let temporary = to + "." + randomHex(bytes: 6) + ".tmp"
        guard symlink(buffer, temporary) == 0 else { throw OSError("make the link", temporary, code: errno) }
        if rename(temporary, to) != 0 {
            let code = errno
            unlink(temporary)
            throw OSError("rename", to, code: code)
        }
    }

    private func copyFile(_ from: String, _ to: String, _ facts: stat) throws(OSError) {
        if try isSame(from, to, facts) { return }
        let input = open(from, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw OSError("open", from, code: errno) }
        defer { close(input) }
        let temporary = to + "." + randomHex(bytes: 6) + ".tmp"
        let output = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw OSError("create", temporary, code: errno) }
        var failure: OSError?
        do throws(OSError) { try pour(input, output, from, to) } catch { failure = error }
        if failure == nil, fchmod(output, facts.st_mode & 0o7777) != 0 {
            failure = OSError("set the mode of", to, code: errno)
        }
        if failure == nil, fsync(output) != 0 { failure = OSError("flush", to, code: errno) }
        if close(output) != 0, failure == nil { failure = OSError("write", to, code: errno) }
        if failure == nil, rename(temporary, to) != 0 { failure = OSError("rename", to, code: errno) }
        guard let failure else { return }
        unlink(temporary)
        throw failure
    }

    private func pour(_ input: Int32, _ output: Int32, _ from: String, _ to: String) throws(OSError) {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(input, &buffer, buffer.count)
            if count == 0 { return }
            guard count > 0 else { throw OSError("read", from, code: errno) }
            var written = 0
            while written < count {
                let part = buffer[written..<count].withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
                guard part > 0 else { throw OSError("write", to, code: errno) }
                written += part
            }
        }
    }

    /// Same size, mode and content. The whole content: a bundle is small, and half a file of an older try may have the size.
    private func isSame(_ from: String, _ to: String, _ facts: stat) throws(OSError) -> Bool {
        var there = stat()
        guard lstat(to, &there) == 0, there.st_mode == facts.st_mode, there.st_size == facts.st_size else {
            return false
        }
        return try Files.read(from, limit: 1 << 30) == Files.read(to, limit: 1 << 30)
    }

    private func names(in folder: String) throws(OSError) -> [String] {
        guard let handle = opendir(folder) else { throw OSError("list", folder, code: errno) }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private func synchronize(_ folder: String) throws(OSError) {
        let handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { throw OSError("open", folder, code: errno) }
        defer { close(handle) }
        if fsync(handle) != 0 { throw OSError("flush", folder, code: errno) }
    }
}
