import HTTP
import JSON
import OS

/// One token handed out.
struct Session {
    /// The cookie that carries a token in place of the header.
    static let cookie = "clearml_token_basic"
    /// How long a token lives unless the login asks otherwise, and at most, in seconds.
    static let standardLife = 30 * 86_400
    static let longestLife = 365 * 86_400

    let caller: Caller
    let expires: Timestamp
}

/// The tokens that are good. A token is a JWT by its looks; what makes it good is that it stands here.
struct Sessions {
    private static let limit = 10_000
    private var byToken: [String: Session] = [:]
    private var order: [String] = []

    /// Makes a token; beyond 10,000 the oldest is forgotten.
    mutating func open(_ caller: Caller, life seconds: Int, call: Call, company: String) -> String {
        let issued = call.now.milliseconds / 1000
        let payload: JSONValue = [
            "iat": .integer(issued), "exp": .integer(issued + Int64(seconds)), "auth_type": "Bearer",
            "session_id": .string(call.makeID()),
            "identity": [
                "user": .string(caller.user), "company": .string(company), "role": "user",
                "user_name": .string(caller.name), "company_name": "sandbox",
            ],
            "env": "sandbox", "api_version": .string("\(APIVersion.newest)"), "server_version": "2.3.0",
            "server_build": "0", "feature_set": "basic",
        ]
        let header: JSONValue = ["alg": "HS256", "typ": "JWT"]
        let signature = Array((randomHex(bytes: 16) + call.makeID()).utf8)
        let token = [header.bytes, payload.bytes, signature].map(Base64.urlEncoded).joined(separator: ".")
        byToken[token] = Session(caller: caller, expires: call.now + .seconds(seconds))
        order.append(token)
        if order.count > Self.limit { byToken[order.removeFirst()] = nil }
        return token
    }

    func caller(of token: String, now: Timestamp) throws(APIError) -> Caller {
        guard let session = byToken[token] else { throw .unauthorized(30, "Unauthorized (invalid token)") }
        guard now < session.expires else { throw .unauthorized(30, "Unauthorized (Signature has expired)") }
        return session.caller
    }

    mutating func close(_ token: String) {
        byToken[token] = nil
        order.removeAll { $0 == token }
    }
}

extension HTTPRequest {
    /// The token of the session cookie, if one is sent.
    var sessionCookie: String? {
        for pair in headers.all("Cookie").flatMap({ $0.split(separator: ";") }) {
            let parts = pair.split(separator: "=", maxSplits: 1).map { $0.drop(while: { $0 == " " }) }
            if parts.count == 2, parts[0] == Session.cookie { return String(parts[1]) }
        }
        return nil
    }
}

extension Store {
    /// Who sends `request`, by its `Authorization` header or its cookie.
    /// - Throws: 401 with the subcode that says what is wrong; nothing when `anonymous` is fine.
    func caller(of request: HTTPRequest, anonymous: Bool, now: Timestamp) throws(APIError) -> Caller? {
        if anonymous { return nil }
        guard let header = request.headers["Authorization"] else {
            guard let token = request.sessionCookie else {
                throw .unauthorized(20, "Unauthorized (missing credentials)")
            }
            return try sessions.caller(of: token, now: now)
        }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { throw .unauthorized(21, "Unauthorized (malformed credentials)") }
        switch parts[0].lowercased() {
        case "bearer":
            return try sessions.caller(of: String(parts[1]), now: now)
        case "basic":
            guard let bytes = Base64.decoded(parts[1]), let text = String(validating: bytes, as: UTF8.self),
                let colon = text.firstIndex(of: ":")
            else { throw .unauthorized(21, "Unauthorized (malformed credentials)") }
            guard text[..<colon] == configuration.accessKey,
                text[text.index(after: colon)...] == configuration.secretKey.reveal()
            else {
                throw .unauthorized(22, "Unauthorized (invalid credentials) (failed to locate provided credentials)")
            }
            return Caller(user: configuration.userID, name: configuration.userName)
        default:
            throw .unauthorized(10, "Unauthorized (unsupported authorization scheme)")
        }
    }
}
