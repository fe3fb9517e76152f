import Foundation
import Glibc
import Supervisor
import Testing

/// A supervisor on a thread of its own, as in the real program, for the length of `body`.
private func withSupervisor<Result>(_ body: (Supervisor) async throws -> Result) async throws -> Result {
    let supervisor = try Supervisor(orphans: .leave, readsSignals: false)
    let thread = Thread { supervisor.run() }
    thread.start()
    defer { supervisor.stop() }
    return try await body(supervisor)
}

private func shell(_ script: String, environment: [String: String] = ["PATH": "/usr/bin:/bin"]) -> ProcessSpec {
    ProcessSpec(executable: "/bin/sh", arguments: ["-c", script], environment: environment)
}

private func output(of child: ChildProcess) async -> String {
    var bytes: [UInt8] = []
    while let chunk = await child.read() { bytes += chunk }
    return String(decoding: bytes, as: UTF8.self)
}

@Suite struct SupervisorTests {
    @Test(arguments: [
        ("exit 0", ProcessExit.exited(0)), ("exit 7", .exited(7)), ("exit 255", .exited(255)),
        ("kill -9 $$", .signalled(9)), ("kill -15 $$", .signalled(15)), ("kill -11 $$", .signalled(11)),
    ])
    func `the end is told exactly, code or signal`(script: String, expected: ProcessExit) async throws {
        try await withSupervisor { supervisor in
            let child = try await supervisor.start(shell(script))
            #expect(await child.exit() == expected)
            #expect(await child.exit() == expected, "asking again gives the same")
        }
    }

    @Test func `a signal becomes 128 + n for a shell`() {
        #expect(ProcessExit.signalled(9).shellCode == 137)
        #expect(ProcessExit.exited(3).shellCode == 3)
    }

    @Test func `stdout and stderr keep the order in which they were written`() async throws {
        try await withSupervisor { supervisor in
            let child = try await supervisor.start(
                shell("i=0; while [ $i -lt 50 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done"))
            let expected = (0..<50).map { "out \($0)\nerr \($0)\n" }.joined()
            #expect(await output(of: child) == expected)
        }
    }

    @Test func `a large output arrives whole`() async throws {
        try await withSupervisor { supervisor in
            let child = try await supervisor.start(shell("head -c 20000000 /dev/zero"))
            var count = 0
            while let chunk = await child.read() { count += chunk.count }
            #expect(count == 20_000_000)
            #expect(await child.exit() == .exited(0))
        }
    }

    @Test func `a program whose output nobody reads waits`() async throws {
        try await withSupervisor { supervisor in
            let child = try await supervisor.start(shell("head -c 8000000 /dev/zero"))
            #expect(await child.exit(within: .milliseconds(300)) == nil)
            var count = 0
            while let chunk = await child.read() { count += chunk.count }
            #expect(count == 8_000_000)
        }
    }

    @Test func `an executable that does not exist is an error that names it`() async throws {
        try await withSupervisor { supervisor in
            await #expect(throws: SupervisorError.start(executable: "/does/not/exist", step: "exec", code: ENOENT)) {
                _ = try await supervisor.start(ProcessSpec(executable: "/does/not/exist", environment: [:]))
            }
            var spec = shell("true")
            spec.workingDirectory = "/no/folder"
            await #expect(
                throws: SupervisorError.start(executable: "/bin/sh", step: "change to `/no/folder`", code: ENOENT)
            ) { _ = try await supervisor.start(spec) }
        }
    }

    @Test func `a child has the three standard files of its own and no file of ours`() async throws {
        // Without close-on-exec, as a careless library would open it.
        let leaked = open("/dev/zero", O_RDONLY)
        defer { close(leaked) }
        try await withSupervisor { supervisor in
            let child = try await supervisor.start(shell("for f in /proc/$$/fd/*; do readlink $f; done"))
            let files = await output(of: child)
            #expect(files.hasPrefix("/dev/null\npipe:"))
            #expect(!files.contains("/dev/zero"))
            #expect(!files.contains("eventfd"))
            #expect(!files.contains("pidfd"))
        }
    }

    @Test func `a child has the given environment and nothing else`() async throws {
        setenv("LD_GLUE_TEST", "ours", 1)
        defer { unsetenv("LD_GLUE_TEST") }
        try await withSupervisor { supervisor in
            let child = try await supervisor.start(
                ProcessSpec(executable: "/usr/bin/env", environment: ["ONE": "1", "TWO": "a=b"]))
            #expect(await output(of: child).split(separator: "\n").sorted() == ["ONE=1", "TWO=a=b"])
        }
    }

    @Test func `a child starts with default signals, none blocked, in a session of its own`() async throws {
        signal(SIGPIPE, SIG_IGN)
        try await withSupervisor { supervisor in
            let child = try await supervisor.start(
                ProcessSpec(
                    executable: "/bin/cat", arguments: ["/proc/self/status", "/proc/self/stat"], environment: [:]))
            let facts = await output(of: child)
            #expect(facts.contains("SigBlk:\t0000000000000000"))
            #expect(facts.contains("SigIgn:\t0000000000000000"))
            // pid (comm) state ppid pgrp session
            let fields = facts.split(separator: "\n").last?.split(separator: " ") ?? []
            #expect(fields.count > 6 && fields[4] == "\(child.pid)" && fields[5] == "\(child.pid)")
        }
    }

    @Test func `teardown asks first, and the child's own end counts`() async throws {
        try await withSupervisor { supervisor in
            let child = try await supervisor.start(
                shell("trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done"))
            #expect(await child.read() == Array("ready\n".utf8))
            #expect(await child.tearDown(.terminate(grace: .seconds(20))) == .exited(5))
        }
    }

    @Test func `a child that ignores TERM is killed after the grace, and with it its whole group`() async throws {
        try await withSupervisor { supervisor in
            let child = try await supervisor.start(
                shell("trap '' TERM; sleep 1000 & echo $!; while :; do sleep 0.05; done"))
            let line = String(decoding: await child.read() ?? [], as: UTF8.self)
            let grandchild = try #require(pid_t(line.dropLast()))
            let started = ContinuousClock.now
            #expect(await child.tearDown(.terminate(grace: .milliseconds(200))) == .signalled(SIGKILL))
            #expect(ContinuousClock.now - started >= .milliseconds(200))
            #expect(await hasGone(grandchild))
        }
    }

    @Test func `what is left of the group ends with the program`() async throws {
        try await withSupervisor { supervisor in
            let child = try await supervisor.start(shell("sleep 1000 >/dev/null 2>&1 & echo $!"))
            let line = await output(of: child)
            let background = try #require(pid_t(line.dropLast()))
            #expect(await child.exit() == .exited(0))
            #expect(await hasGone(background))
        }
    }

    @Test func `output ends with the program although a daemon still holds the pipe`() async throws {
        try await withSupervisor { supervisor in
            let child = try await supervisor.start(shell("setsid sleep 30 & echo started; echo $!"))
            let text = await output(of: child)
            #expect(text.hasPrefix("started\n"))
            #expect(await child.exit() == .exited(0))
            if let daemon = pid_t(text.split(separator: "\n").last ?? "") { kill(daemon, SIGKILL) }
        }
    }

    @Test func `a stopped supervisor kills what runs and refuses what comes`() async throws {
        let supervisor = try Supervisor(orphans: .leave, readsSignals: false)
        let thread = Thread { supervisor.run() }
        thread.start()
        let child = try await supervisor.start(shell("sleep 1000"))
        supervisor.stop()
        while !thread.isFinished { try await Task.sleep(for: .milliseconds(5)) }
        #expect(kill(child.pid, 0) != 0, "killed, and reaped")
        await #expect(throws: SupervisorError.stopped) { _ = try await supervisor.start(shell("true")) }
        #expect(await child.exit() == .unknown)
    }

    @Test func `a name is looked up as a shell would`() {
        #expect(ProcessSpec.find("sh", path: "/nowhere:/bin") == "/bin/sh")
        #expect(ProcessSpec.find("no-such-program", path: "/bin") == nil)
        #expect(ProcessSpec.find("/bin/sh", path: nil) == "/bin/sh")
        #expect(ProcessSpec.find("/etc/passwd", path: nil) == nil, "a file that may not be executed")
        #expect(ProcessSpec.find("/bin", path: nil) == nil, "a folder")
    }
}

/// Whether `pid` ends soon: it is somebody else's child now, so there is nothing to wait on.
private func hasGone(_ pid: pid_t) async -> Bool {
    for _ in 0..<200 {
        if kill(pid, 0) != 0 { return true }
        let state = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8))?.split(separator: ")").last
        if state?.hasPrefix(" Z") ?? true { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return false
}
