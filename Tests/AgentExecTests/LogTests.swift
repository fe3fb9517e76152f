import ClearMLClient
import HTTP
import JSON
import Synchronization
import TestKit
import Testing

@testable import AgentExec

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

@Suite struct LineAssemblerTests {
    @Test func `lines come out whole, however they came in`() {
        let content = "one\ntwo\n\nthree ✓\nfour"
        for size in 1...7 {
            var assembler = LineAssembler()
            var out: [UInt8] = []
            let all = bytes(content)
            for start in stride(from: 0, to: all.count, by: size) {
                out += assembler.feed(Array(all[start..<min(start + size, all.count)]))
            }
            #expect(text(out) == "one\ntwo\n\nthree ✓\n")
            #expect(text(assembler.flush()) == "four\n")
            #expect(!assembler.hasPartial)
        }
    }

    @Test(arguments: [
        ("10%\r50%\r100%\n", "100%\n"), ("done\r\n", "done\n"), ("a\r\r\nb\n", "a\nb\n"), ("\r\n", "\n"),
        ("x\ry\nplain\nz\rw\n", "y\nplain\nw\n"),
    ])
    func `of a line that returns to its start the last state stays`(given: String, expected: String) {
        var assembler = LineAssembler()
        #expect(text(assembler.feed(bytes(given))) == expected)
    }

    @Test func `a progress bar without end shows where it is, and makes no empty line when it ends`() {
        var assembler = LineAssembler()
        #expect(assembler.feed(bytes("10%\r20%")) == [])
        #expect(text(assembler.flush()) == "20%\n")
        #expect(assembler.flush() == [])
        #expect(text(assembler.feed(bytes("\nnext\n"))) == "next\n")
    }

    @Test func `half a character waits for its other half`() {
        var assembler = LineAssembler()
        let check = bytes("✓")
        #expect(assembler.feed(bytes("ok ") + check.prefix(2)) == [])
        #expect(text(assembler.flush()) == "ok \n")
        #expect(text(assembler.feed(check.suffix(1) + bytes("\n"))) == "✓\n")
    }

    @Test func `a line without end is given out in pieces`() {
        var assembler = LineAssembler()
        var out: [UInt8] = []
        for _ in 0..<40 { out += assembler.feed([UInt8](repeating: 0x61, count: 10_000)) }
        out += assembler.flush()
        #expect(out.count { $0 == 0x61 } == 400_000)
        #expect(text(out).split(separator: "\n").allSatisfy { $0.count <= LineAssembler.longestLine + 10_000 })
    }
}

@Suite struct RedactorTests {
    @Test(arguments: [
        ("the key is hunter2hunter2.", "the key is •••."), ("hunter2hunter2hunter2hunter2", "••••••"),
        ("hunter2 alone", "hunter2 alone"), ("longer-hunter2hunter2-one", "•••"),
        ("https://me:pw@host/x", "https://me:•••@host/x"),
        ("git clone https://tok3n@host/x.git", "git clone https://•••@host/x.git"),
        ("ssh://git@host/x and git@host:x", "ssh://git@host/x and git@host:x"),
        ("postgres://u:p@h/db, then http://a:b@c", "postgres://u:•••@h/db, then http://a:•••@c"),
        ("https://host/path?q=a@b", "https://host/path?q=a@b"), ("see https://host:8080/x", "see https://host:8080/x"),
        ("plain text", "plain text"), ("", ""),
    ])
    func `secrets and passwords in URLs do not leave`(given: String, expected: String) {
        let redactor = Redactor(secrets: ["hunter2hunter2", "longer-hunter2hunter2-one", "abc"])
        #expect(redactor.redacted(given) == expected)
    }

    @Test func `what is named like a secret in the environment is one`() {
        let found = Redactor.secrets(in: [
            "CLEARML_API_SECRET_KEY": "secret-key-1", "HF_TOKEN": "hf_abcdefgh",
            "CLEARML_AGENT_GIT_PASS": "git-password",
            "AWS_SECRET_ACCESS_KEY": "aws-secret", "TOKEN_FILE": "/var/run/token", "PATH": "/usr/bin:/bin",
            "MAX_TOKENS": "123456789", "DB_PASSWORD": "short",
        ])
        #expect(Set(found) == ["secret-key-1", "hf_abcdefgh", "git-password", "aws-secret"])
    }
}

@Suite struct LogQueueTests {
    @Test func `pieces keep order, are cut at lines, and each is later than the one before`() {
        var queue = LogQueue()
        var all = ""
        for number in 0..<20_000 {
            let line = "line number \(number)\n"
            all += line
            queue.append(bytes(line), level: number == 10_000 ? "ERROR" : "DEBUG", now: 1000)
        }
        #expect(queue.bytes == all.utf8.count)
        var out: [LogQueue.Piece] = []
        while queue.waiting > 0 { out += queue.take(limit: 200_000) }
        #expect(text(out.flatMap(\.bytes)) == all)
        #expect(out.allSatisfy { $0.bytes.count <= LogQueue.pieceLimit && $0.bytes.last == 0x0A })
        #expect(zip(out, out.dropFirst()).allSatisfy { $0.timestamp < $1.timestamp })
        #expect(out.filter { $0.level == "ERROR" }.map { text($0.bytes) } == ["line number 10000\n"])
        #expect(!queue.isEmpty)
        queue.release(all.utf8.count)
        #expect(queue.isEmpty && queue.bytes == 0)
    }

    @Test func `a line larger than a piece is cut between characters`() {
        var queue = LogQueue()
        let long = String(repeating: "é✓", count: 60_000) + "\n"
        queue.append(bytes(long), level: "DEBUG", now: 5)
        let pieces = queue.take(limit: .max)
        #expect(pieces.count > 2)
        #expect(pieces.map { $0.line(task: "t", worker: "w").message }.joined() + "\n" == long)
    }

    @Test func `invalid UTF-8 is repaired, not lost`() {
        var queue = LogQueue()
        queue.append([0x61, 0xFF, 0x62, 0x0A], level: "DEBUG", now: 5)
        #expect(queue.take(limit: .max)[0].line(task: "t", worker: "w").message == "a\u{FFFD}b")
    }
}

@Suite struct ConsoleTests {
    /// What a server got: message by message.
    private final class Received: Sendable {
        let messages = Mutex<[JSONValue]>([])

        var step: ScriptedTransport.Step {
            { request in
                let lines = text(request.body ?? []).split(separator: "\n").compactMap {
                    try? JSONValue(parsing: String($0))
                }
                self.messages.withLock { $0 += lines }
                return answer(["added": .integer(Int64(lines.count)), "errors": 0, "errors_info": [:]])(request)
            }
        }

        var texts: [String] { messages.withLock { $0.compactMap { $0["msg"]?.string } } }
    }

    private func console(_ steps: [ScriptedTransport.Step]) -> (Console, ScriptedTransport) {
        let transport = ScriptedTransport(steps)
        let console = Console(
            task: "t", worker: "w", redactor: Redactor(secrets: ["very-secret-key"]),
            server: testServer(transport, pace: .machine), pace: .machine,
            backoff: Backoff(base: .milliseconds(1), limit: .milliseconds(2)), wallClock: { 1000 })
        return (console, transport)
    }

    private func patience(_ duration: Duration) -> Patience {
        let patience = Patience(pace: .machine)
        patience.begin(duration)
        return patience
    }

    @Test func `everything is sent before the console closes, masked, in order`() async {
        let received = Received()
        let (console, transport) = console([loggedIn, expecting("events.add_batch", received.step)])
        async let shipping: Void = console.ship()
        console.say("first, with very-secret-key")
        await console.accept(bytes("second\nhalf"))
        #expect(await console.close(patience: patience(.seconds(20))))
        await shipping
        #expect(received.texts == ["first, with •••", "second\nhalf"])
        #expect(transport.remaining == 0)
        let levels = received.messages.withLock { $0.map { $0["level"]?.string } }
        #expect(levels == ["INFO", "DEBUG"])
    }

    @Test func `a server that is away gets the lines when it is back`() async {
        let received = Received()
        let (console, transport) = console([
            loggedIn, lost(mayHaveActed: true), refusal(503, 0), received.step,
        ])
        async let shipping: Void = console.ship()
        await console.accept(bytes("kept\n"))
        #expect(await console.close(patience: patience(.seconds(20))))
        await shipping
        #expect(received.texts == ["kept"])
        #expect(transport.remaining == 0)
    }

    @Test func `when the patience is over it is told that lines are missing`() async {
        let away: ScriptedTransport.Step = { _ in .failure(HTTPError(.connect, mayHaveActed: true, "away")) }
        let (console, _) = console([loggedIn] + Array(repeating: away, count: 10_000))
        async let shipping: Void = console.ship()
        await console.accept(bytes("never seen\n"))
        #expect(await !console.close(patience: patience(.milliseconds(50))))
        await shipping
    }

    @Test func `lines that the server refuses for good are given up, and counted`() async {
        let (console, transport) = console([loggedIn, refusal(400, 131, "Invalid task id")])
        async let shipping: Void = console.ship()
        await console.accept(bytes("unwanted\n"))
        #expect(await !console.close(patience: patience(.seconds(20))))
        await shipping
        #expect(console.droppedBytes == 9)
        #expect(transport.remaining == 0)
    }

    @Test func `a child waits when the memory is full, until there is room or nobody waits any more`() async {
        let (console, _) = console([])
        let chunk = [UInt8](repeating: 0x61, count: 1 << 20) + [0x0A]
        for _ in 0..<15 { await console.accept(chunk) }
        let flag = Flag()
        await withTaskGroup { group in
            group.addTask {
                for _ in 0..<3 { await console.accept(chunk) }
                flag.set()
            }
            for _ in 0..<20 { await Task.yield() }
            try? await Task.sleep(for: .milliseconds(50))
            #expect(!flag.isSet)
            console.stopThrottling()
        }
        #expect(flag.isSet)
    }

    @Test func `a progress bar is seen while it moves`() async {
        let received = Received()
        let (console, transport) = console([loggedIn, received.step])
        await withTaskGroup { group in
            group.addTask { await console.ship() }
            await console.accept(bytes("10%\r20%"))
            for _ in 0..<500 where transport.remaining > 0 { try? await Task.sleep(for: .milliseconds(10)) }
            #expect(received.texts == ["20%"])
            #expect(await console.close(patience: patience(.seconds(1))))
        }
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}
