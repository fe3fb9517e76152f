import HTTP
import JSON

/// One exchange with the server: builds the request, reads the envelope. No retry, no token of its own.
struct Wire: Sendable {
    /// What a request carries.
    enum Body {
        case json(JSONValue)
        /// Newline-delimited JSON: `events.add_batch` takes nothing else.
        case lines([UInt8])
    }

    let configuration: ClearMLConfiguration
    let transport: any HTTPTransport

    func login() async -> Result<SessionToken, ClearMLError> {
        let pair = configuration.accessKey.reveal() + ":" + configuration.secretKey.reveal()
        do throws(ClearMLError) {
            let data = try await exchange(
                "auth.login", .json([:]), authorization: "Basic " + Base64.encode(pair.utf8),
                within: Session.loginLimit)
            guard let token = data["token"]?.string, !token.isEmpty else {
                throw .decoding(action: "auth.login", reason: "no token in it")
            }
            return .success(SessionToken(token))
        } catch { return .failure(error) }
    }

    func call(
        _ action: String, _ body: Body, token: SessionToken, within limit: Duration
    ) async throws(ClearMLError) -> JSONValue {
        try await exchange(action, body, authorization: "Bearer " + token.text.reveal(), within: limit)
    }

    private func exchange(
        _ action: String, _ body: Body, authorization: String, within limit: Duration
    ) async throws(ClearMLError) -> JSONValue {
        guard limit > .zero else {
            throw .transport(HTTPError(.timeout, mayHaveActed: false, "no time left to send it"), action: action)
        }
        var headers: HTTPHeaders = ["Authorization": authorization, "X-Clearml-Client": "clearml-glue"]
        if let worker = configuration.workerName { headers["X-Clearml-Worker"] = worker }
        let bytes: [UInt8]
        switch body {
        case .json(let value):
            headers["Content-Type"] = "application/json"
            bytes = value.bytes
        case .lines(let lines):
            headers["Content-Type"] = "application/json-lines"
            bytes = lines
        }
        let request = HTTPRequest(
            .post, "\(configuration.apiHost)/\(action)", headers: headers, body: bytes,
            timeouts: HTTPTimeouts(connect: min(limit, .seconds(5)), idle: limit, total: limit))
        let response: HTTPResponse
        do throws(HTTPError) { response = try await transport.send(request, bodyLimit: 64 << 20) } catch {
            throw .transport(error, action: action)
        }
        return try read(response, action: action, secret: authorization)
    }

    private func read(_ response: HTTPResponse, action: String, secret: String) throws(ClearMLError) -> JSONValue {
        let envelope: JSONValue?
        do throws(JSONError) { envelope = try JSONValue(parsing: response.body) } catch {
            if response.status == 200 { throw .decoding(action: action, reason: "\(error)") }
            envelope = nil
        }
        guard let meta = envelope?["meta"], let code = meta["result_code"]?.int else {
            if response.status == 200 { throw .decoding(action: action, reason: "no `meta` in it") }
            throw .api(
                code: response.status, subcode: 0, message: clean(foreignMessage(response), secret), action: action)
        }
        if response.status == 200, code == 200 { return envelope?["data"] ?? [:] }
        throw .api(
            code: code == 200 ? response.status : code, subcode: meta["result_subcode"]?.int ?? 0,
            message: clean(meta["result_msg"]?.string ?? "no message", secret), action: action)
    }

    /// What answered is no ClearML server: a proxy, a web page. Its first words help to find out which.
    private func foreignMessage(_ response: HTTPResponse) -> String {
        if let location = response.headers["Location"], (300..<400).contains(response.status) {
            return "redirected to `\(location)`, which is not followed: use that address as API host"
        }
        let words = String(decoding: response.body.prefix(2048), as: UTF8.self)
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return "HTTP \(response.status)" + (words.isEmpty ? "" : ": \(words)")
    }

    /// One line, at most 500 characters, and nothing secret even if somebody echoes it.
    private func clean(_ message: String, _ authorization: String) -> String {
        var text = message
        let secrets = [
            configuration.secretKey.reveal(), authorization.split(separator: " ").last.map(String.init) ?? "",
        ]
        for secret in secrets where secret.count >= 4 { text = replacing(secret, in: text) }
        text = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return text.count <= 500 ? text : text.prefix(500) + "…"
    }

    private func replacing(_ secret: String, in text: String) -> String {
        text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "•••")
    }
}
