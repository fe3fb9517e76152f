import JSON
import Testing
import YAML

/// The one value of a text with one document.
func value(_ text: String) throws -> JSONValue {
    let documents = try YAMLDocument.parse(Array(text.utf8), file: "test.yaml")
    return try #require(documents.count == 1 ? documents.first : nil).json
}

@Suite("Scalars")
struct ScalarTests {
    // What `kubectl create --dry-run=client -o json` makes of each (go-yaml 2).
    @Test(
        "plain scalars are what Kubernetes takes them for",
        arguments: [
            ("yes", true), ("Yes", true), ("YES", true), ("on", true), ("On", true), ("true", true), ("True", true),
            ("TRUE", true), ("y", true), ("Y", true), ("no", false), ("off", false), ("n", false), ("False", false),
            ("yEs", "yEs"), ("oN", "oN"), ("tRUE", "tRUE"), ("null", .null), ("Null", .null), ("NULL", .null),
            ("~", .null), ("nULL", "nULL"), ("~x", "~x"), ("0", 0), ("12", 12), ("+12", 12), ("-12", -12), ("0x1F", 31),
            ("-0x1f", -31), ("0o17", 15), ("017", 15), ("-017", -15), ("08", 8), ("0b101", 5), ("-0b11", -3),
            ("1_000", 1000), ("_1", "_1"), ("0x", "0x"), ("0xg", "0xg"), ("1.5", 1.5), (".5", 0.5), ("1.", 1),
            ("-.5", -0.5), ("+1.5", 1.5), ("1e3", 1000), ("1.5E+2", 150), ("1e", "1e"), ("1.2.3", "1.2.3"), (".", "."),
            ("..", ".."), ("+", "+"), ("-", "-"), ("1e400", "1e400"), ("1_0.5", 10.5), ("100m", "100m"),
            ("16Gi", "16Gi"),
            ("2001-12-14", "2001-12-14"), ("2001-12-14T21:59:43Z", "2001-12-14T21:59:43Z"), ("12:30:45", "12:30:45"),
            ("10.0.0.1", "10.0.0.1"), ("+-1", "+-1"), ("--1", "--1"), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(JSONNumber(literal: "9223372036854775808"))),
            ("123456789012345678901234567890", .number(JSONNumber(literal: "123456789012345678901234567890"))),
            ("0xffffffffffffffff", .number(JSONNumber(literal: "18446744073709551615"))), ("0.1", 0.1), ("5.0", 5),
            ("٣", "٣"), ("a b", "a b"), ("<<", "<<"), ("=", "="),
        ] as [(String, JSONValue)])
    func plain(text: String, expected: JSONValue) throws {
        if text == "-" {
            // Alone it would begin a list.
            #expect(try value("[x, -a]") == ["x", "-a"])
        } else {
            #expect(try value("key: \(text)\n") == ["key": expected])
        }
    }

    @Test(
        "quotes and blocks make strings", arguments: ["'yes'", "\"12\"", "|-\n  12", ">-\n  null", "!!str 12", "! 12"])
    func quoted(text: String) throws {
        #expect(try value("key: \(text)\n")["key"]?.string != nil)
    }

    @Test(
        "tags are followed where they fit",
        arguments: [
            ("!!int 12", 12), ("!!int \"12\"", 12), ("!!float 1", 1), ("!!bool yes", true), ("!!null ~", .null),
            ("!!str yes", "yes"), ("!!timestamp 2001-01-01", "2001-01-01"), ("!!seq [1]", [1]),
            ("!!map {a: 1}", ["a": 1]),
        ] as [(String, JSONValue)])
    func tags(text: String, expected: JSONValue) throws { #expect(try value("- \(text)\n") == [expected]) }

    @Test(
        "double quotes escape, single quotes do not, blocks keep or fold their lines",
        arguments: [
            (#""a\tb\n\u00e9\x41\\ \"""#, "a\tb\né\u{41}\\ \""), (#"'it''s \n'"#, #"it's \n"#),
            ("|\n  a\n   b\n\n  c\n", "a\n b\n\nc\n"), ("|-\n  a\n", "a"), ("|+\n  a\n\n", "a\n\n"),
            (">\n  a\n  b\n\n  c\n", "a b\nc\n"), ("a\n  b", "a b"),
        ])
    func strings(text: String, expected: String) throws {
        #expect(try value("key: \(text)") == ["key": .string(expected)])
    }
}
