internal import HTTP
internal import JSON
internal import OS

/// The response of a status fault, in the shape of the API that was asked.
enum FaultReply {
    static func make(api: String, status: Int, retryAfter: Int?, request: HTTPRequest) -> Reply {
        var headers: HTTPHeaders = ["Content-Type": "application/json"]
        if let retryAfter { headers["Retry-After"] = String(retryAfter) }
        guard api == "kubernetes" else {
            return .whole(HTTPResponse(status: status, headers: headers, body: envelope(status).bytes))
        }
        let body = kubernetesStatus(status, retryAfter: retryAfter)
        if status == 410, isWatch(request.url) {
            // A watch that comes too late is accepted, and told so by its first event.
            let event: JSONValue = ["type": "ERROR", "object": body]
            let chunks = AsyncThrowingStream<[UInt8], any Error> { continuation in
                continuation.yield(event.bytes + [UInt8(ascii: "\n")])
                continuation.finish()
            }
            return .stream(HTTPStream(status: 200, headers: headers, chunks: chunks))
        }
        return .whole(HTTPResponse(status: status, headers: headers, body: body.bytes))
    }

    private static func isWatch(_ url: String) -> Bool {
        url.split(separator: "?").dropFirst().joined().split(separator: "&").contains {
            $0 == "watch=true" || $0 == "watch=1"
        }
    }

    private static func envelope(_ status: Int) -> JSONValue {
        [
            "meta": [
                "id": .string(randomHex(bytes: 16)), "trx": .null, "endpoint": [:],
                "result_code": .integer(Int64(status)),
                "result_subcode": 0, "result_msg": .string("fault on demand: \(status)"), "error_stack": "",
                "error_data": [:],
            ],
            "data": [:],
        ]
    }

    private static func kubernetesStatus(_ status: Int, retryAfter: Int?) -> JSONValue {
        let (reason, message) =
            switch status {
            case 409:
                (
                    "Conflict",
                    "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again"
                )
            case 410: ("Expired", "The resourceVersion for the provided watch is too old.")
            case 429:
                ("TooManyRequests", "The server has received too many requests and has asked us to try again later")
            case 503: ("ServiceUnavailable", "the server is currently unable to handle the request")
            default: ("InternalError", "Internal error occurred: fault on demand")
            }
        var result: JSONValue = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message),
            "reason": .string(reason), "code": .integer(Int64(status)),
        ]
        if let retryAfter { result["details"] = ["retryAfterSeconds": .integer(Int64(retryAfter))] }
        return result
    }
}
