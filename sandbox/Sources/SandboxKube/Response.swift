import HTTP
import JSON

/// Makes responses.
enum Response {
    static func json(_ value: JSONValue, status: Int = 200, warnings: [String] = []) -> HTTPResponse {
        var headers: HTTPHeaders = ["Content-Type": "application/json", "Cache-Control": "no-cache, private"]
        var seen: Set<String> = []
        for warning in warnings where seen.insert(warning).inserted {
            headers.add("Warning", "299 - \(JSONValue.string(warning).text())")
        }
        return HTTPResponse(status: status, headers: headers, body: value.bytes + [0x0a])
    }

    static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["Content-Type": "text/plain; charset=utf-8"], body: Array(text.utf8))
    }

    static func refusal(_ refusal: KubeRefusal, warnings: [String] = []) -> HTTPResponse {
        if refusal.code == 404, refusal.details == [:] { return text("404 page not found\n", status: 404) }
        var response = json(refusal.status, status: refusal.code, warnings: warnings)
        if let seconds = refusal.retryAfter { response.headers["Retry-After"] = String(seconds) }
        return response
    }
}
