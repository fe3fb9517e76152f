import HTTP
import Testing

@Suite("HTTP values")
struct ValueTests {
    @Test("header names are compared without case, and several of one name are kept")
    func headers() {
        var headers: HTTPHeaders = ["Content-Type": "a", "X": "1", "x": "2"]
        #expect(headers["content-type"] == "a")
        #expect(headers.all("X") == ["1", "2"])
        headers["x"] = "3"
        #expect(headers.all("X") == ["3"])
        headers["X"] = nil
        #expect(headers == ["content-type": "a"])
    }

    @Test(
        "the waits double up to their limit, half of each is jitter",
        arguments: [(1, 0.0, 100), (1, 1.0, 200), (2, 1.0, 400), (6, 1.0, 6400), (7, 1.0, 10_000), (1000, 0.0, 5000)])
    func backoff(failures: Int, jitter: Double, milliseconds: Int) {
        #expect(Backoff.call.delay(failures: failures, jitter: jitter) == .milliseconds(milliseconds))
    }

    @Test("a secret cannot be printed")
    func secret() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        let options = TLSOptions(clientKey: Secret(Array("hunter2".utf8)))
        for text in ["\(secret)", String(reflecting: secret), dumped, "\([secret])", "\(options)"] {
            #expect(!text.contains("hunter2") && !text.contains("104, 117"))
        }
        #expect(secret.reveal() == "hunter2")
    }

    @Test(
        "a URL is split where it must be",
        arguments: [
            ("http://h", "http", nil, "h", "", "", ""), ("HTTPS://h:1/a?b#c", "https", nil, "h", ":1", "/a", "?b#c"),
            ("http://u:p@h/a", "http", "u:p", "h", "", "/a", ""),
            ("http://u@[::1]:2?x=/@", "http", "u", "[::1]", ":2", "", "?x=/@"),
            ("https://a@b@h", "https", "a@b", "h", "", "", ""),
        ] as [(String, String, String?, String, String, String, String)])
    func parts(url: String, scheme: String, user: String?, host: String, port: String, path: String, query: String)
        throws
    {
        let parts = try #require(URLParts(url))
        #expect(parts.scheme == scheme && parts.userInfo?.reveal() == user && parts.host == host)
        #expect(parts.port == port && parts.path == path && parts.query == query)
        #expect(!parts.shown.contains("@") && !parts.shown.contains("?"))
    }

    @Test(
        "what is no http URL is none", arguments: ["", "h", "http:/h", "http://", "http:///x", "ftp://h", "http://u@"])
    func noParts(url: String) { #expect(URLParts(url) == nil) }

    @Test("a URL moves to another host and keeps the rest")
    func otherHost() {
        #expect(URLParts("http://u:p@h:1/a?b")?.url(withHost: "::1") == "http://u:p@[::1]:1/a?b")
    }

    @Test(
        "secrets are taken out of URLs wherever they stand",
        arguments: [
            ("fatal: https://user:pw@host/x.git not found", "fatal: https://•••@host/x.git not found"),
            ("'ssh://git:a@b@h/x' and http://t@h", "'ssh://•••@h/x' and http://•••@h"),
            (
                "GET https://s3/x?X-Amz-Signature=abc&part=1&access_token=t",
                "GET https://s3/x?X-Amz-Signature=•••&part=1&access_token=•••"
            ),
            ("http://h/a?sig=x&design=y", "http://h/a?sig=•••&design=y"),
            ("nothing: here @ all", "nothing: here @ all"),
            ("http://h/user@example.com", "http://h/user@example.com"), ("", ""), ("a://", "a://"),
            ("://u@", "://•••@"),
        ])
    func redaction(text: String, expected: String) { #expect(Redaction.urls(in: text) == expected) }
}
