import HTTP
import JSON
import Synchronization
import Testing

@testable import SandboxServer

@Suite("Faults on demand")
struct FaultTests {
    private func post(_ book: FaultBook, _ text: String) -> HTTPResponse? {
        book.administer(HTTPRequest(.post, FaultBook.path, body: Array(text.utf8)))
    }

    @Test("a rule hits its API, method and path only, and stops after its count")
    func matching() throws {
        let book = FaultBook()
        let reply = post(
            book,
            #"{"api":"clearml","method":"post","contains":"tasks.enqueue","count":2,"effect":"status","status":503}"#)
        #expect(reply?.status == 200)
        #expect(book.effect(api: "kubernetes", method: "POST", path: "/tasks.enqueue") == nil)
        #expect(book.effect(api: "clearml", method: "GET", path: "/tasks.enqueue") == nil)
        #expect(book.effect(api: "clearml", method: "POST", path: "/tasks.get_all") == nil)
        for _ in 0..<2 {
            #expect(
                book.effect(api: "clearml", method: "POST", path: "/v2.30/tasks.enqueue")
                    == .status(503, retryAfter: nil))
        }
        #expect(book.effect(api: "clearml", method: "POST", path: "/tasks.enqueue") == nil)
    }

    @Test("a pattern and a skip choose the third matching request")
    func patternAndSkip() throws {
        let book = FaultBook()
        _ = post(book, #"{"pattern":"/jobs(\\?|$)","skip":2,"count":1,"effect":"drop-after"}"#)
        let seen = (0..<4).map { _ in
            book.effect(api: "kubernetes", method: "POST", path: "/apis/batch/v1/namespaces/a/jobs")
        }
        #expect(seen == [nil, nil, .dropAfter, nil])
        #expect(book.effect(api: "kubernetes", method: "GET", path: "/apis/batch/v1/namespaces/a/jobs/x") == nil)
    }

    @Test("the same seed draws the same faults, about as many as asked for")
    func seeded() throws {
        func draws(_ seed: Int) -> [Bool] {
            let book = FaultBook()
            _ = post(book, #"{"probability":0.3,"seed":\#(seed),"effect":"drop-before"}"#)
            return (0..<1000).map { _ in book.effect(api: "clearml", method: "GET", path: "/") != nil }
        }
        #expect(draws(7) == draws(7))
        #expect(draws(7) != draws(8))
        #expect((250...350).contains(draws(7).count { $0 }))
    }

    @Test(
        "a rule that cannot be meant is refused with the member's name",
        arguments: [
            (#"{"effect":"explode"}"#, "effect"), (#"{"effect":"latency"}"#, "milliseconds"),
            (#"{"effect":"status","status":418}"#, "status"), (#"{"effect":"drop-before","pattern":"("}"#, "pattern"),
            (#"{"effect":"drop-before","probability":2}"#, "probability"),
            (#"{"effect":"drop-before","pth":"x"}"#, "pth"),
            (#"{"effect":"drop-before","api":"k8s"}"#, "api"), ("[1]", "object"), ("{", "JSON"),
        ])
    func refusals(_ body: String, _ named: String) throws {
        let book = FaultBook()
        let reply = try #require(post(book, body))
        #expect(reply.status == 400)
        #expect(String(decoding: reply.body, as: UTF8.self).contains(named))
        #expect(book.snapshot().isEmpty)
    }

    @Test("GET shows the counts, DELETE clears, other paths are not for the endpoint")
    func endpoint() throws {
        let book = FaultBook()
        _ = post(book, #"[{"effect":"drop-before","count":1},{"effect":"drop-after"}]"#)
        _ = book.effect(api: "clearml", method: "GET", path: "/")
        let shown = try JSONValue(parsing: try #require(book.administer(HTTPRequest(.get, FaultBook.path))).body)
        #expect(shown["rules"]?.array?.map { $0["hit"]?.int } == [1, 0])
        _ = book.administer(HTTPRequest(.delete, FaultBook.path))
        #expect(book.effect(api: "clearml", method: "GET", path: "/") == nil)
        #expect(book.administer(HTTPRequest(.get, "/_sandbox/faultsandmore")) == nil)
    }

    @Test("drop-after handles the request and loses the reply, drop-before never handles it")
    func drops() async throws {
        let handled = Mutex(0)
        let backend: Responder = { _, _ in
            handled.withLock { $0 += 1 }
            return .whole(HTTPResponse(status: 200))
        }
        let book = FaultBook()
        _ = post(book, #"[{"effect":"drop-before","count":1},{"effect":"drop-after","count":1}]"#)
        for expected in [0, 1] {
            let reply = await book.respond(
                api: "clearml", to: HTTPRequest(.post, "/a"), from: Peer("x"), backend: backend)
            guard case .dropConnection = reply else {
                Issue.record("a reply came back")
                return
            }
            #expect(handled.withLock { $0 } == expected)
        }
    }

    @Test("429 carries Retry-After, and Kubernetes gets a Status with its reason")
    func statusReply() async throws {
        let book = FaultBook()
        _ = post(book, #"{"effect":"status","status":429,"retryAfter":3}"#)
        let backend: Responder = { _, _ in .dropConnection }
        let reply = await book.respond(
            api: "kubernetes", to: HTTPRequest(.get, "/api"), from: Peer("x"), backend: backend)
        guard case .whole(let response) = reply else {
            Issue.record("no whole response")
            return
        }
        #expect(response.status == 429)
        #expect(response.headers["Retry-After"] == "3")
        let body = try JSONValue(parsing: response.body)
        #expect(body["reason"]?.string == "TooManyRequests")
        #expect(body.at("details", "retryAfterSeconds")?.int == 3)
    }

    @Test("a watch hit by 410 gets 200 and an ERROR event")
    func expiredWatch() async throws {
        let book = FaultBook()
        _ = post(book, #"{"effect":"status","status":410}"#)
        let backend: Responder = { _, _ in .dropConnection }
        let reply = await book.respond(
            api: "kubernetes", to: HTTPRequest(.get, "/api/v1/pods?watch=true"), from: Peer("x"), backend: backend)
        guard case .stream(let stream) = reply else {
            Issue.record("no stream")
            return
        }
        var text: [UInt8] = []
        for try await chunk in stream.chunks { text += chunk }
        let event = try JSONValue(parsing: text)
        #expect(event["type"]?.string == "ERROR")
        #expect(event.at("object", "code")?.int == 410)
    }
}
