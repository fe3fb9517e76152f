/// The parts of a `multipart/form-data` body (RFC 7578) that carry files.
struct MultipartForm {
    struct Part {
        let name: String
        let type: String
        let content: [UInt8]
    }

    private(set) var parts: [Part] = []

    /// `nil` when the body is no such form.
    init?(_ body: [UInt8], contentType: String) {
        guard contentType.lowercased().hasPrefix("multipart/form-data"),
            let boundary = Self.parameter("boundary", of: contentType)
        else { return nil }
        let delimiter = Array("--\(boundary)".utf8)
        var places: [Int] = []
        var at = 0
        while let place = Self.find(delimiter, in: body, from: at) {
            places.append(place)
            at = place + delimiter.count
        }
        for (start, end) in zip(places, places.dropFirst()) {
            // After the delimiter CR LF; before the next one CR LF.
            let section = Array(body[min(start + delimiter.count + 2, end)..<max(start + delimiter.count + 2, end - 2)])
            guard let gap = Self.find(Array("\r\n\r\n".utf8), in: section, from: 0) else { return nil }
            let head = String(decoding: section[..<gap], as: UTF8.self)
            var disposition = ""
            var type = "application/octet-stream"
            for line in head.split(whereSeparator: \.isNewline) {
                let field = line.split(separator: ":", maxSplits: 1)
                guard field.count == 2 else { continue }
                let value = String(String(field[1]).trimmed)
                if field[0].lowercased() == "content-disposition" { disposition = value }
                if field[0].lowercased() == "content-type" { type = value }
            }
            guard let name = Self.parameter("filename", of: disposition) ?? Self.parameter("name", of: disposition)
            else { continue }
            parts.append(Part(name: name, type: type, content: Array(section[(gap + 4)...])))
        }
    }

    /// `boundary` of `multipart/form-data; boundary="x"`.
    private static func parameter(_ name: String, of header: String) -> String? {
        for part in header.split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, String(pair[0]).trimmed.lowercased() == name else { continue }
            return String(String(pair[1]).trimmed.filter { $0 != "\"" })
        }
        return nil
    }

    private static func find(_ needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard let first = needle.first, bytes.count >= needle.count else { return nil }
        var at = start
        while at <= bytes.count - needle.count {
            if bytes[at] == first, bytes[at..<at + needle.count].elementsEqual(needle) { return at }
            at += 1
        }
        return nil
    }
}
