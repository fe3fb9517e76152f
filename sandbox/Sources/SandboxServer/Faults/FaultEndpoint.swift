public import HTTP
internal import JSON

extension FaultBook {
    /// Where the rules are set, on either API's port.
    public static let path = "/_sandbox/faults"

    /// `GET` shows the rules with their counts, `POST` adds one (or a list), `DELETE` clears. `nil`: the request is not for here.
    public func administer(_ request: HTTPRequest) -> HTTPResponse? {
        guard request.url == Self.path || request.url.hasPrefix(Self.path + "?") else { return nil }
        switch request.method {
        case .get, .head: return .json(200, ["rules": .array(snapshot().map(\.json))])
        case .delete:
            clear()
            return .json(200, ["rules": []])
        case .post:
            do {
                let body = try JSONValue(parsing: request.body ?? [])
                var rules: [FaultRule] = []
                for rule in body.array ?? [body] { rules.append(try FaultRule(rule)) }
                try add(rules)
                return .json(200, ["rules": .array(snapshot().map(\.json))])
            } catch {
                return .json(400, ["error": .string("\(error)")])
            }
        case .put, .patch: return .json(405, ["error": "GET, POST or DELETE"])
        }
    }
}

extension FaultBook.Entry {
    fileprivate var json: JSONValue {
        var result: JSONValue = ["matched": .integer(Int64(matched)), "hit": .integer(Int64(hit))]
        result["effect"] = .string("\(rule.effect)")
        if let api = rule.api { result["api"] = .string(api) }
        if let method = rule.method { result["method"] = .string(method) }
        if let contains = rule.contains { result["contains"] = .string(contains) }
        if let pattern = rule.pattern { result["pattern"] = .string(pattern) }
        if let count = rule.count { result["count"] = .integer(Int64(count)) }
        return result
    }
}

extension HTTPResponse {
    /// A JSON document as a response.
    static func json(_ status: Int, _ value: JSONValue) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: ["Content-Type": "application/json"], body: value.bytes + [UInt8(ascii: "\n")])
    }
}
