/// A path with its query, taken apart.
struct RequestTarget: Sendable, Equatable {
    var path: String
    var parts: [String]
    var query: [String: [String]]

    init(_ url: String) {
        var text = url[...]
        // Absolute URLs are taken too: everything up to the path is somebody else's matter.
        if let scheme = url.range(of: "://") {
            text = url[scheme.upperBound...].drop { $0 != "/" }
        }
        let mark = text.firstIndex(of: "?")
        path = String(text[..<(mark ?? text.endIndex)])
        parts = path.split(separator: "/").map { Self.decoded($0, plusIsBlank: false) }
        query = [:]
        guard let mark else { return }
        for pair in text[text.index(after: mark)...].split(separator: "&") {
            let sign = pair.firstIndex(of: "=")
            let key = Self.decoded(pair[..<(sign ?? pair.endIndex)], plusIsBlank: true)
            let value = sign.map { Self.decoded(pair[pair.index(after: $0)...], plusIsBlank: true) } ?? ""
            query[key, default: []].append(value)
        }
    }

    /// The first value of a parameter; an empty one counts as absent.
    subscript(name: String) -> String? { query[name]?.first.flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether a parameter says yes.
    func isSet(_ name: String) -> Bool {
        guard let value = query[name]?.first else { return false }
        return value != "false" && value != "0"
    }

    /// A parameter that is a whole number.
    func integer(_ name: String) throws(KubeRefusal) -> Int? {
        guard let text = self[name] else { return nil }
        guard let value = Int(text) else {
            throw .badRequest("strconv.ParseInt: parsing \"\(text)\": invalid syntax")
        }
        return value
    }

    private static func decoded(_ text: Substring, plusIsBlank: Bool) -> String {
        var bytes: [UInt8] = []
        let source = Array(text.utf8)
        var at = 0
        func digit(_ place: Int) -> UInt8? {
            place < source.count ? Character(UnicodeScalar(source[place])).hexDigitValue.map(UInt8.init) : nil
        }
        while at < source.count {
            if source[at] == UInt8(ascii: "%"), let high = digit(at + 1), let low = digit(at + 2) {
                bytes.append(high << 4 | low)
                at += 3
            } else {
                bytes.append(plusIsBlank && source[at] == UInt8(ascii: "+") ? UInt8(ascii: " ") : source[at])
                at += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension String {
    /// Where `text` first stands; the standard library has this only with Foundation.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(text) { return at..<index(at, offsetBy: text.count) }
            at = index(after: at)
        }
        return nil
    }
}
