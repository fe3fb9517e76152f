import HTTP
import JSON

/// The wrapper round every answer: `{"meta": {…}, "data": …}`, with the HTTP status equal to `meta.result_code`.
struct Envelope {
    private let action: String
    private let asked: APIVersion
    private let id: String
    private let transaction: String
    /// The version of the endpoint that answered; the asked one while none was found.
    var actualVersion: APIVersion

    init(request: HTTPRequest, target: Target, makeID: () -> String) {
        action = target.action
        asked = target.version
        actualVersion = target.version
        id = makeID()
        transaction = request.clearml("Trx") ?? id
    }

    func success(_ data: JSONValue, cookie: String?) -> HTTPResponse {
        var response = response(200, 0, "OK", data)
        if let cookie { response.headers.add("Set-Cookie", "\(Session.cookie)=\(cookie); HttpOnly; Path=/") }
        return response
    }

    func failure(_ error: APIError) -> HTTPResponse {
        response(error.code, error.subcode, error.message, .object(JSONObject()))
    }

    private func response(_ code: Int, _ subcode: Int, _ message: String, _ data: JSONValue) -> HTTPResponse {
        let document: JSONValue = [
            "meta": [
                "id": .string(id), "trx": .string(transaction),
                "endpoint": [
                    "name": .string(action), "requested_version": .string("\(asked)"),
                    "actual_version": .string("\(actualVersion)"),
                ],
                "result_code": .integer(Int64(code)), "result_subcode": .integer(Int64(subcode)),
                "result_msg": .string(message), "error_stack": nil, "error_data": [:],
            ],
            "data": data,
        ]
        return HTTPResponse(status: code, headers: ["Content-Type": "application/json"], body: document.bytes)
    }
}
