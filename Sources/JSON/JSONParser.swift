/// Why a text is no JSON, and where.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong there.
    public enum Reason: Sendable, Equatable {
        case unexpectedEnd
        case unexpectedByte(UInt8)
        case invalidNumber
        case invalidEscape
        case invalidUTF8
        case loneSurrogate
        case controlCharacter
        case duplicateKey(String)
        case tooDeep(limit: Int)
        case trailingData
    }

    /// What is wrong.
    public let reason: Reason
    /// Bytes before the place, from 0.
    public let offset: Int

    /// An error with the given parts.
    public init(reason: Reason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// `invalid JSON at byte 17: unexpected "}"`.
    public var description: String {
        let what =
            switch reason {
            case .unexpectedEnd: "the text ends too early"
            case .unexpectedByte(let byte):
                byte > 0x20 && byte < 0x7f
                    ? "unexpected `\(Character(UnicodeScalar(byte)))`" : "unexpected byte 0x\(String(byte, radix: 16))"
            case .invalidNumber: "invalid number"
            case .invalidEscape: "invalid escape"
            case .invalidUTF8: "invalid UTF-8"
            case .loneSurrogate: "half a surrogate pair"
            case .controlCharacter: "raw control character in a string"
            case .duplicateKey(let key): "the key `\(key)` stands there twice"
            case .tooDeep(let limit): "nested deeper than \(limit)"
            case .trailingData: "something follows the document"
            }
        return "invalid JSON at byte \(offset): \(what)"
    }
}

/// What to do with a name that an object has twice (RFC 8259 §4 leaves it open).
public enum JSONDuplicateKeys: Sendable {
    /// Keep the last, as Go, Python and the Kubernetes API server do.
    case lastWins
    /// Refuse the document.
    case refused
}

extension JSONValue {
    /// Reads one document.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8, without a byte order mark.
    ///   - duplicateKeys: what to do with a name that an object has twice.
    ///   - depthLimit: how deep lists and objects may nest; Go's decoder, and so the API server, has 10,000.
    /// - Throws: `JSONError` with the offset of the first fault.
    public init(
        parsing bytes: some Sequence<UInt8>, duplicateKeys: JSONDuplicateKeys = .lastWins, depthLimit: Int = 512
    ) throws(JSONError) {
        func parse(_ buffer: UnsafeBufferPointer<UInt8>) -> Result<JSONValue, JSONError> {
            var parser = JSONParser(bytes: buffer, duplicateKeys: duplicateKeys, depthLimit: depthLimit)
            do throws(JSONError) { return .success(try parser.document()) } catch { return .failure(error) }
        }
        if let result = bytes.withContiguousStorageIfAvailable(parse) {
            self = try result.get()
        } else {
            self = try Array(bytes).withUnsafeBufferPointer(parse).get()
        }
    }

    /// Reads one document from a string.
    public init(
        parsing text: String, duplicateKeys: JSONDuplicateKeys = .lastWins, depthLimit: Int = 512
    ) throws(JSONError) {
        try self.init(parsing: text.utf8, duplicateKeys: duplicateKeys, depthLimit: depthLimit)
    }
}

struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    let duplicateKeys: JSONDuplicateKeys
    let depthLimit: Int
    var at = 0
    var depth = 0

    init(bytes: UnsafeBufferPointer<UInt8>, duplicateKeys: JSONDuplicateKeys, depthLimit: Int) {
        self.bytes = bytes
        self.duplicateKeys = duplicateKeys
        self.depthLimit = depthLimit
    }

    mutating func document() throws(JSONError) -> JSONValue {
        let value = try self.value()
        skipSpace()
        if at < bytes.count { throw error(.trailingData) }
        return value
    }

    private func error(_ reason: JSONError.Reason, at offset: Int? = nil) -> JSONError {
        JSONError(reason: reason, offset: offset ?? at)
    }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x0a, 0x0d, 0x09: at += 1
            default: return
            }
        }
    }

    private mutating func peek() throws(JSONError) -> UInt8 {
        guard at < bytes.count else { throw error(.unexpectedEnd) }
        return bytes[at]
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        skipSpace()
        switch try peek() {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case let byte: throw error(.unexpectedByte(byte))
        }
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for place in 0..<text.utf8CodeUnitCount {
            guard at < bytes.count else { throw error(.unexpectedEnd) }
            guard bytes[at] == text.utf8Start[place] else { throw error(.unexpectedByte(bytes[at])) }
            at += 1
        }
        return value
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        if depth > depthLimit { throw error(.tooDeep(limit: depthLimit)) }
        at += 1
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        try enter()
        defer { depth -= 1 }
        var elements: [JSONValue] = []
        skipSpace()
        if try peek() == UInt8(ascii: "]") {
            at += 1
            return .array(elements)
        }
        while true {
            elements.append(try value())
            skipSpace()
            switch try peek() {
            case UInt8(ascii: ","): at += 1
            case UInt8(ascii: "]"):
                at += 1
                return .array(elements)
            case let byte: throw error(.unexpectedByte(byte))
            }
        }
    }

    private mutating func object() throws(JSONError) -> JSONValue {
        try enter()
        defer { depth -= 1 }
        var members = JSONObject()
        skipSpace()
        if try peek() == UInt8(ascii: "}") {
            at += 1
            return .object(members)
        }
        while true {
            skipSpace()
            let keyOffset = at
            let first = try peek()
            guard first == UInt8(ascii: "\"") else { throw error(.unexpectedByte(first)) }
            let key = try string()
            skipSpace()
            let colon = try peek()
            guard colon == UInt8(ascii: ":") else { throw error(.unexpectedByte(colon)) }
            at += 1
            let value = try value()
            if !members.append(key, value) {
                if duplicateKeys == .refused { throw error(.duplicateKey(key), at: keyOffset) }
                members[key] = value
            }
            skipSpace()
            switch try peek() {
            case UInt8(ascii: ","): at += 1
            case UInt8(ascii: "}"):
                at += 1
                return .object(members)
            case let byte: throw error(.unexpectedByte(byte))
            }
        }
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = at
        var negative = false
        var isInteger = true
        var magnitude: UInt64 = 0
        var overflow = false
        func digit() -> UInt8? {
            guard at < bytes.count, bytes[at] >= 0x30, bytes[at] <= 0x39 else { return nil }
            return bytes[at] - 0x30
        }
        if bytes[at] == UInt8(ascii: "-") {
            negative = true
            at += 1
        }
        guard let first = digit() else { throw at < bytes.count ? error(.invalidNumber) : error(.unexpectedEnd) }
        if first == 0 {
            at += 1
            if digit() != nil { throw error(.invalidNumber) }
        } else {
            while let next = digit() {
                let (tenfold, over) = magnitude.multipliedReportingOverflow(by: 10)
                let (sum, carry) = tenfold.addingReportingOverflow(UInt64(next))
                overflow = overflow || over || carry
                magnitude = sum
                at += 1
            }
        }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            isInteger = false
            at += 1
            guard digit() != nil else { throw error(.invalidNumber) }
            while digit() != nil { at += 1 }
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
            guard digit() != nil else { throw error(.invalidNumber) }
            while digit() != nil { at += 1 }
        }
        if isInteger, !overflow {
            if !negative, let value = Int64(exactly: magnitude) { return .integer(value) }
            if negative, magnitude > 0, magnitude <= UInt64(Int64.max) + 1 {
                return .integer(Int64(truncatingIfNeeded: 0 &- magnitude))
            }
        }
        return .number(JSONNumber(literal: String(decoding: bytes[start..<at], as: UTF8.self)))
    }

    private mutating func string() throws(JSONError) -> String {
        at += 1
        let start = at
        var seen: UInt8 = 0
        while at < bytes.count {
            let byte = bytes[at]
            seen |= byte
            if byte == UInt8(ascii: "\"") {
                // Nearly all strings are ASCII, and need no second look.
                let text =
                    seen < 0x80
                    ? String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<at]), as: UTF8.self)
                    : try utf8(from: start, to: at)
                at += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            if byte < 0x20 { throw error(.controlCharacter) }
            at += 1
        }
        throw error(.unexpectedEnd)
    }

    private func utf8(from start: Int, to end: Int) throws(JSONError) -> String {
        let slice = UnsafeBufferPointer(rebasing: bytes[start..<end])
        guard let text = String(validating: slice, as: UTF8.self) else { throw error(.invalidUTF8, at: start) }
        return text
    }

    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var text = try utf8(from: start, to: at)
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                at += 1
                return text
            }
            if byte == UInt8(ascii: "\\") {
                text.unicodeScalars.append(try escape())
                continue
            }
            let run = at
            while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\") {
                if bytes[at] < 0x20 { throw error(.controlCharacter) }
                at += 1
            }
            text += try utf8(from: run, to: at)
        }
        throw error(.unexpectedEnd)
    }

    private mutating func escape() throws(JSONError) -> UnicodeScalar {
        let start = at
        at += 1
        let byte = try peek()
        at += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw error(.invalidEscape, at: start)
        }
        let high = try hex4()
        if let scalar = UnicodeScalar(high) { return scalar }
        guard high < 0xdc00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u")
        else { throw error(.loneSurrogate, at: start) }
        at += 2
        let low = try hex4()
        guard low >= 0xdc00, low <= 0xdfff,
            let scalar = UnicodeScalar(0x10000 + (UInt32(high) - 0xd800) << 10 + (UInt32(low) - 0xdc00))
        else { throw error(.loneSurrogate, at: start) }
        return scalar
    }

    private mutating func hex4() throws(JSONError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            let byte = try peek()
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x41 + 10
            case 0x61...0x66: digit = byte - 0x61 + 10
            default: throw error(.invalidEscape)
            }
            value = value << 4 | UInt16(digit)
            at += 1
        }
        return value
    }
}
