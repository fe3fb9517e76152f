internal import Dispatch
internal import Glibc
internal import JSON
internal import OS
internal import Synchronization

/// How a container's first process ended.
enum ProcessEnd: Sendable, Equatable {
    /// It ran and ended with this code; a signal n is 128 + n.
    case exited(Int32)
    /// It was never executed; bubblewrap's last word says why.
    case neverStarted(String)
}

/// One container's processes, under bubblewrap.
///
/// Its first process is PID 1 of a pid namespace: when it ends, the kernel kills all others with it.
final class ContainerProcess: Sendable {
    private struct State {
        var firstProcess: pid_t?
        var hasExited = false
        /// bubblewrap has told that the program itself was executed.
        var programCode: Int32?
        var signalWhenKnown: Int32?
        var status: [UInt8] = []
        var end: ProcessEnd?
        var waiters: [CheckedContinuation<ProcessEnd, Never>] = []
    }

    private let state = Mutex(State())
    private let monitor: pid_t
    private let bubblewrap: String
    private let log: String

    private static let queue = DispatchQueue(label: "container-status")

    /// Starts bubblewrap with `options`, and in it `command`. Output is appended to the file `log`.
    static func start(
        bubblewrap: String, options: [String], command: [String], log: String, cgroup: MemoryCgroup?
    ) async throws(OSError) -> ContainerProcess {
        let result: Result<ContainerProcess, OSError> = await SpawnThread.shared.run {
            do throws(OSError) {
                return .success(try startHere(bubblewrap, options, command, log, cgroup))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func startHere(
        _ bubblewrap: String, _ options: [String], _ command: [String], _ log: String, _ cgroup: MemoryCgroup?
    ) throws(OSError) -> ContainerProcess {
        let input = Spawn.aboveStandard(open("/dev/null", O_RDONLY | O_CLOEXEC))
        defer { close(input) }
        let output = Spawn.aboveStandard(open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600))
        guard output >= 0 else { throw OSError("open", log, code: errno) }
        defer { close(output) }
        // Options go through a file without a name: they hold the environment, and argv is for everybody to read.
        let words = Spawn.aboveStandard(try namelessFile(options, beside: log))
        defer { close(words) }
        var pipe: [Int32] = [0, 0]
        guard Glibc.pipe(&pipe) == 0 else { throw OSError("make a pipe for", log, code: errno) }
        let reader = Spawn.aboveStandard(pipe[0])
        let writer = Spawn.aboveStandard(pipe[1])
        _ = fcntl(reader, F_SETFD, FD_CLOEXEC)
        _ = fcntl(writer, F_SETFD, FD_CLOEXEC)
        defer { close(writer) }
        var arguments = [bubblewrap, "--args", "3", "--json-status-fd", "4", "--"] + command
        if let cgroup {
            // The shell joins the cgroup first, so that nothing runs outside it, not for a moment.
            arguments = ["/bin/sh", "-c", "echo $$ > \"$0\" && exec \"$@\"", cgroup.processFile] + arguments
        }
        let spawn = Spawn(arguments: arguments, input: input, output: output, third: words, fourth: writer)
        switch spawn.start() {
        case .success(let pid): return ContainerProcess(monitor: pid, bubblewrap: bubblewrap, log: log, reader: reader)
        case .failure(let error):
            close(reader)
            throw error
        }
    }

    private static func namelessFile(_ words: [String], beside log: String) throws(OSError) -> Int32 {
        let path = log + "." + randomHex(bytes: 6)
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw OSError("create", path, code: errno) }
        unlink(path)
        let bytes = words.flatMap { (word: String) -> [UInt8] in Array(word.utf8) + [0] }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                let code = errno
                close(file)
                throw OSError("write", path, code: code)
            }
            written += count
        }
        lseek(file, 0, SEEK_SET)
        return file
    }

    private init(monitor: pid_t, bubblewrap: String, log: String, reader: Int32) {
        self.monitor = monitor
        self.bubblewrap = bubblewrap
        self.log = log
        // A thread of its own, not a Dispatch source: one on a pipe whose other end closes while its data is being read
        // crashes Dispatch on Linux (an event for a reader that it has just forgotten).
        let work = Unmanaged.passRetained(StatusReading(process: self, reader: reader))
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { context in
                // pthread_create hands on the pointer that it was given, which is never null here.
                guard let context else { return nil }
                let work = Unmanaged<StatusReading>.fromOpaque(context).takeRetainedValue()
                work.process.readStatus(work.reader)
                return nil
            }, work.toOpaque())
        precondition(failure == 0, "no thread for a container's status: error \(failure)")
        pthread_detach(thread)
    }

    /// What the thread is given.
    private final class StatusReading {
        let process: ContainerProcess
        let reader: Int32

        init(process: ContainerProcess, reader: Int32) {
            self.process = process
            self.reader = reader
        }
    }

    /// What bubblewrap says on its status file: the first process, then the exit code; its end is bubblewrap's.
    private func readStatus(_ reader: Int32) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(reader, &buffer, buffer.count)
            if count > 0 {
                note(buffer[..<count])
            } else if count < 0, errno == EINTR {
                continue
            } else {
                break
            }
        }
        close(reader)
        reap()
    }

    private func note(_ bytes: ArraySlice<UInt8>) {
        let signal: (pid_t, Int32)? = state.withLock { state in
            state.status += bytes
            while let end = state.status.firstIndex(of: UInt8(ascii: "\n")) {
                let line = try? JSONValue(parsing: state.status[..<end])
                state.status.removeSubrange(...end)
                if let pid = line?["child-pid"]?.int { state.firstProcess = pid_t(pid) }
                if let code = line?["exit-code"]?.int { state.programCode = Int32(code) }
            }
            guard let pid = state.firstProcess, let signal = state.signalWhenKnown else { return nil }
            state.signalWhenKnown = nil
            return (pid, signal)
        }
        if let (pid, signal) = signal { Glibc.kill(pid, signal) }
    }

    private func reap() {
        var status: Int32 = 0
        while waitpid(monitor, &status, 0) < 0, errno == EINTR {}
        let code = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
        let (end, waiters) = state.withLock { state in
            state.hasExited = true
            // bubblewrap reports the code only of a program that was executed; killed itself, it reports nothing.
            let killed = status & 0x7f != 0
            let end: ProcessEnd =
                state.programCode.map { .exited($0) } ?? (killed ? .exited(code) : .neverStarted(lastLine()))
            state.end = end
            defer { state.waiters = [] }
            return (end, state.waiters)
        }
        for waiter in waiters { waiter.resume(returning: end) }
    }

    private func lastLine() -> String {
        let text = String(decoding: LogFile.tail(log, bytes: 2048), as: UTF8.self)
        return text.split(separator: "\n").last.map(String.init) ?? "bubblewrap said nothing"
    }

    /// Returns once the program has been executed (`true`), or has failed to be.
    func started() async -> Bool {
        // bubblewrap has no word for it; the first process stops being bubblewrap when it executes the program.
        for _ in 0..<500 {
            let (pid, end) = state.withLock { ($0.firstProcess, $0.end) }
            switch end {
            case .exited: return true
            case .neverStarted: return false
            case nil: break
            }
            if let pid {
                var buffer = [CChar](repeating: 0, count: 4096)
                let count = readlink("/proc/\(pid)/exe", &buffer, buffer.count)
                let path =
                    count < 0 ? "" : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
                if count >= 0 ? !path.hasSuffix("/bwrap") && path != bubblewrap : errno == EACCES { return true }
            }
            await pause(.milliseconds(2))
        }
        return true
    }

    /// How it ended.
    func end() async -> ProcessEnd {
        await withCheckedContinuation { continuation in
            let end: ProcessEnd? = state.withLock { state in
                if state.end == nil { state.waiters.append(continuation) }
                return state.end
            }
            if let end { continuation.resume(returning: end) }
        }
    }

    /// Asks the first process to end, and kills everything when it has not after `grace`.
    func terminate(grace: Duration) {
        guard grace > .zero else { return kill() }
        signal(SIGTERM)
        // Holds the object until the grace is over: a container that has ended by then ignores the signal.
        Self.queue.asyncAfter(deadline: .now() + .milliseconds(Int(grace / .milliseconds(1)))) { self.kill() }
    }

    /// Kills everything in the container, now.
    func kill() { signal(SIGKILL) }

    private func signal(_ number: Int32) {
        let pid: pid_t? = state.withLock { state in
            // After the end the number may belong to another process.
            guard !state.hasExited else { return nil }
            if state.firstProcess == nil { state.signalWhenKnown = number }
            return state.firstProcess
        }
        if let pid { Glibc.kill(pid, number) }
    }
}

/// Waits; a cancelled task does not wait.
func pause(_ duration: Duration) async { try? await Task.sleep(for: duration) }
