import JSON
import Testing

@Suite("JSON parser")
struct ParserTests {
    @Test(
        "what RFC 8259 allows is read, and written back the same",
        arguments: [
            "null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", #""""#, #""a""#, "[]",
            "{}",
            "[1]", "[[],{},[[]]]", #"{"a":{"b":[1,"2",null,true,false]}}"#, #"{"":1}"#, #""é日本😀""#, #""\"\\\n\r\t""#,
            #""\u0000\u001f""#, "\"\u{7f}\"", "\"\u{2028}\"",
            // Numbers keep their text.
            "-0", "1.0", "1.50", "1e5", "1E+5", "-1.5e-10", "0.1", "123456789012345678901234567890",
            "9223372036854775808",
            "-9223372036854775809", "1e400", "0e0", "0.000",
        ])
    func accepted(text: String) throws {
        let value = try JSONValue(parsing: text)
        #expect(value.text() == text)
        #expect(value.bytes == Array(text.utf8))
        #expect(try JSONValue(parsing: value.text(pretty: true)) == value)
    }

    @Test(
        "space and escapes are read in all their forms",
        arguments: [
            (" \t\r\n[ 1 , 2 ] \n", "[1,2]"), ("{ \"a\" : 1 }", #"{"a":1}"#), (#""\/\b\f""#, #""/\u0008\u000c""#),
            (#""\u0041\u00e9\u65e5""#, #""Aé日""#), (#""\ud83d\ude00""#, #""😀""#), (#""\uD83D\uDE00x""#, #""😀x""#),
            (#""\u0022\u005c""#, #""\"\\""#), (#""\udbff\udfff""#, "\"\u{10ffff}\""), (#"{"\u0061":1}"#, #"{"a":1}"#),
        ])
    func forms(text: String, written: String) throws { #expect(try JSONValue(parsing: text).text() == written) }

    @Test(
        "what RFC 8259 does not allow is refused, with the place",
        arguments: [
            ("", 0, .unexpectedEnd), (" ", 1, .unexpectedEnd), ("[", 1, .unexpectedEnd), ("[1", 2, .unexpectedEnd),
            ("[1,", 3, .unexpectedEnd), ("{", 1, .unexpectedEnd), (#"{"a""#, 4, .unexpectedEnd),
            (#"{"a":"#, 5, .unexpectedEnd), (#"{"a":1"#, 6, .unexpectedEnd), (#"""#, 1, .unexpectedEnd),
            (#""a"#, 2, .unexpectedEnd), (#""\"#, 2, .unexpectedEnd), ("tru", 3, .unexpectedEnd),
            ("-", 1, .unexpectedEnd),
            ("[1,]", 3, .unexpectedByte(0x5d)), ("[,1]", 1, .unexpectedByte(0x2c)), ("[1 2]", 3, .unexpectedByte(0x32)),
            (#"{"a":1,}"#, 7, .unexpectedByte(0x7d)), ("{1:2}", 1, .unexpectedByte(0x31)),
            (#"{"a" 1}"#, 5, .unexpectedByte(0x31)), ("{'a':1}", 1, .unexpectedByte(0x27)),
            ("]", 0, .unexpectedByte(0x5d)),
            ("[1}", 2, .unexpectedByte(0x7d)), ("nul ", 3, .unexpectedByte(0x20)), ("True", 0, .unexpectedByte(0x54)),
            ("NaN", 0, .unexpectedByte(0x4e)), ("nan", 1, .unexpectedByte(0x61)),
            ("Infinity", 0, .unexpectedByte(0x49)),
            ("+1", 0, .unexpectedByte(0x2b)), (".5", 0, .unexpectedByte(0x2e)), ("// x", 0, .unexpectedByte(0x2f)),
            ("[1] // x", 4, .trailingData), ("1 2", 2, .trailingData), ("{}{}", 2, .trailingData),
            ("nullx", 4, .trailingData),
            ("1a", 1, .trailingData), ("0x1", 1, .trailingData), ("1_0", 1, .trailingData),
            ("\u{feff}1", 0, .unexpectedByte(0xef)),
            ("01", 1, .invalidNumber), ("-01", 2, .invalidNumber), ("1.", 2, .invalidNumber),
            ("1.e5", 2, .invalidNumber),
            ("1e", 2, .invalidNumber), ("1e+", 3, .invalidNumber), ("-a", 1, .invalidNumber),
            ("--1", 1, .invalidNumber),
            (#""\q""#, 1, .invalidEscape), (#""\u12g4""#, 5, .invalidEscape), (#""\'""#, 1, .invalidEscape),
            (#""a\ud800""#, 2, .loneSurrogate), (#""\udc00""#, 1, .loneSurrogate),
            (#""\ud800\u0041""#, 1, .loneSurrogate),
            (#""\ud800\ud800""#, 1, .loneSurrogate), (#""\ud800\n""#, 1, .loneSurrogate),
            ("\"a\nb\"", 2, .controlCharacter), ("\"\t\"", 1, .controlCharacter),
            ("\"\\n\u{1}\"", 3, .controlCharacter),
            ("[1\u{c}]", 2, .unexpectedByte(0x0c)), ("\u{a0}1", 0, .unexpectedByte(0xc2)),
        ] as [(String, Int, JSONError.Reason)])
    func refused(text: String, offset: Int, reason: JSONError.Reason) throws {
        let error = JSONError(reason: reason, offset: offset)
        #expect(throws: error) { try JSONValue(parsing: text) }
        // The same, where the bytes are no array.
        #expect(throws: error) { try JSONValue(parsing: AnySequence(Array(text.utf8))) }
    }

    @Test(
        "bytes that are no UTF-8 are refused, in values, keys and behind escapes",
        arguments: [
            ([0x22, 0xff, 0x22], 1), ([0x22, 0xc3, 0x22], 1), ([0x22, 0xed, 0xa0, 0x80, 0x22], 1),
            ([0x22, 0xc0, 0xaf, 0x22], 1), ([0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], 1),
            ([0x22, 0x5c, 0x6e, 0x80, 0x22], 3),
            ([0x7b, 0x22, 0x80, 0x22, 0x3a, 0x31, 0x7d], 2),
        ] as [([UInt8], Int)])
    func encoding(bytes: [UInt8], offset: Int) {
        #expect(throws: JSONError(reason: .invalidUTF8, offset: offset)) { try JSONValue(parsing: bytes) }
    }

    @Test("nesting is limited, and the limit is the caller's", arguments: [("[", "]"), (#"{"a":"#, "}")])
    func depth(open: String, close: String) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        #expect(try JSONValue(parsing: nested(512)).text() == nested(512))
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: nested(513)) }
        #expect(error?.reason == .tooDeep(limit: 512))
        let endless = String(repeating: open, count: 1_000_000)
        #expect(throws: JSONError.self) { try JSONValue(parsing: endless) }
        #expect(try JSONValue(parsing: nested(3), depthLimit: 3).text() == nested(3))
        #expect(throws: JSONError.self) { try JSONValue(parsing: nested(4), depthLimit: 3) }
    }

    @Test("a name that stands twice: the last wins, or the document is refused")
    func duplicates() throws {
        let text = #"{"a":1,"b":2,"a":3}"#
        #expect(try JSONValue(parsing: text).text() == #"{"a":3,"b":2}"#)
        #expect(throws: JSONError(reason: .duplicateKey("a"), offset: 13)) {
            try JSONValue(parsing: text, duplicateKeys: .refused)
        }
        let many = "{" + (0..<100).map { #""k\#($0)":\#($0)"# }.joined(separator: ",") + #","k7":0}"#
        #expect(try JSONValue(parsing: many).object?.count == 100)
        #expect(try JSONValue(parsing: many)["k7"] == 0)
        #expect(throws: JSONError.self) { try JSONValue(parsing: many, duplicateKeys: .refused) }
    }

    @Test("names and strings are compared byte by byte, as every server does", arguments: [0, 30])
    func normalization(others: Int) throws {
        let composed = "\u{e9}"
        let decomposed = "e\u{301}"
        let padding = (0..<others).map { #""k\#($0)":0,"# }.joined()
        let text = #"{\#(padding)"\#(composed)":1,"\#(decomposed)":2}"#
        let value = try JSONValue(parsing: text, duplicateKeys: .refused)
        #expect(value.text() == text)
        #expect(value[composed] == 1 && value[decomposed] == 2)
        #expect(JSONValue.string(composed) != JSONValue.string(decomposed))
        #expect(JSONValue.object([composed: 1]) != JSONValue.object([decomposed: 1]))
        #expect(Set([JSONValue.string(composed), .string(decomposed)]).count == 2)
    }
}
