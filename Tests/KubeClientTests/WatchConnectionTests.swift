import HTTP
import JSON
import Testing

@testable import KubeClient

@Suite struct WatchConnectionTests {
    private let operation = ResourceOperation(verb: "watch", resource: .pods)

    private func connection(_ chunks: [[UInt8]], error: HTTPError? = nil) -> WatchConnection<Pod> {
        let (stream, continuation) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
        for chunk in chunks { continuation.yield(chunk) }
        continuation.finish(throwing: error)
        return WatchConnection(HTTPStream(status: 200, headers: [:], chunks: stream), operation: operation)
    }

    private func line(_ type: String, _ name: String, message: String = "") -> [UInt8] {
        let object: JSONValue = [
            "metadata": ["name": .string(name), "resourceVersion": "7"], "status": ["message": .string(message)],
        ]
        let event: JSONValue = ["type": .string(type), "object": object]
        return event.bytes + [UInt8(ascii: "\n")]
    }

    private func failure(of watch: inout WatchConnection<Pod>) async -> KubernetesError? {
        do throws(KubernetesError) {
            _ = try await watch.next()
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [1, 2, 3, 7, 4096])
    func `events survive any cut, also inside a character`(size: Int) async throws {
        let text = "größer 🚀 " + String(repeating: "é", count: 300)
        let bytes = line("ADDED", "a", message: text) + line("MODIFIED", "b", message: text)
        let chunks = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
        var watch = connection(chunks)
        guard case .added(let a) = try await watch.next(), case .modified(let b) = try await watch.next() else {
            Issue.record("expected two events")
            return
        }
        #expect(a.name == "a" && a.message == text && b.name == "b" && b.message == text)
        #expect(try await watch.next() == nil)
    }

    @Test func `an event of three megabytes in small chunks is one event`() async throws {
        let bytes = line("DELETED", "big", message: String(repeating: "x", count: 3 << 20))
        let chunks = stride(from: 0, to: bytes.count, by: 16384).map { Array(bytes[$0..<min($0 + 16384, bytes.count)]) }
        var watch = connection(chunks)
        guard case .deleted(let pod) = try await watch.next() else {
            Issue.record("expected one event")
            return
        }
        #expect(pod.message?.utf8.count == 3 << 20)
    }

    @Test func `bookmarks and errors are told apart from objects`() async throws {
        let expired = #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#
        var watch = connection([line("BOOKMARK", ""), Array((expired + "\n").utf8)])
        guard case .bookmark("7") = try await watch.next(), case .error(let status) = try await watch.next() else {
            Issue.record("expected a bookmark and an error")
            return
        }
        #expect(status.code == 410 && status.reason == "Expired")
    }

    @Test func `an end inside an event is a broken connection, not a clean end`() async {
        var watch = connection([Array(line("ADDED", "a").dropLast())])
        let error = await failure(of: &watch)
        guard case .transport = error else {
            Issue.record("expected a transport error, got \(String(describing: error))")
            return
        }
    }

    @Test(arguments: ["{oops", #"{"type":"NEW","object":{}}"#, #"{"type":"BOOKMARK","object":{}}"#])
    func `what is no event is a decoding error`(text: String) async {
        var watch = connection([Array((text + "\n").utf8)])
        let error = await failure(of: &watch)
        guard case .decoding = error else {
            Issue.record("expected a decoding error, got \(String(describing: error))")
            return
        }
    }

    @Test func `a line beyond the limit is refused before it is whole`() throws {
        var splitter = LineSplitter(limit: 10)
        let first = try splitter.lines(adding: Array("abc\n\ndef".utf8))
        let second = try splitter.lines(adding: Array("ghi\n".utf8))
        #expect(first == [Array("abc".utf8)] && second == [Array("defghi".utf8)])
        do {
            _ = try splitter.lines(adding: Array("01234567890".utf8))
            Issue.record("expected a refusal")
        } catch {
            #expect(splitter.limit == 10)
        }
    }
}
