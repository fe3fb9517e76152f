import HTTP

/// The head of a response, put together from libcurl's header lines.
struct ResponseHead {
    private var status = 0
    private var headers = HTTPHeaders()
    private var size = 0
    /// The blank line has come, and it was no interim response's.
    private(set) var isComplete = false
    /// The caller has it.
    var isDelivered = false

    /// Takes one line as it came; `false` when there is too much of it.
    mutating func add(line: UnsafeRawBufferPointer, limit: Int) -> Bool {
        // What follows a body are trailers: nobody here reads them.
        if isComplete { return true }
        size += line.count
        if size > limit { return false }
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            let fields = text.split(separator: " ", maxSplits: 2)
            status = fields.count > 1 ? Int(fields[1].prefix(3)) ?? 0 : 0
            headers = [:]
        } else if let colon = text.firstIndex(of: ":") {
            headers.add(Self.trimmed(text[..<colon]), Self.trimmed(text[text.index(after: colon)...]))
        } else if text.allSatisfy(\.isWhitespace), status >= 200 {
            isComplete = true
        }
        return true
    }

    /// The response; the body is decompressed already, so the fields that describe it as sent are left out.
    func response(body: [UInt8]) -> HTTPResponse {
        var headers = headers
        if headers["Content-Encoding"]?.lowercased() == "gzip" {
            headers["Content-Encoding"] = nil
            headers["Content-Length"] = nil
        }
        return HTTPResponse(status: status, headers: headers, body: body)
    }

    private static func trimmed(_ text: Substring) -> String {
        let rest = text.drop(while: \.isWhitespace)
        return String(rest.reversed().drop(while: \.isWhitespace).reversed())
    }
}
