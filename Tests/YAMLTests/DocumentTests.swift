import JSON
import Testing
import YAML

@Suite("Documents")
struct DocumentTests {
    @Test(
        "structures are read",
        arguments: [
            ("a: 1\nb: [x, {c: d}]\ne:\n- 1\n- - 2\n  - 3\n", #"{"a":1,"b":["x",{"c":"d"}],"e":[1,[2,3]]}"#),
            ("{}", "{}"), ("[]", "[]"), ("a:\n", #"{"a":null}"#), ("- \n- a:\n", #"[null,{"a":null}]"#),
            ("? a\n: b\n", #"{"a":"b"}"#),
            (#"{"json": [1, 2.5, "x", null, true]}"#, #"{"json":[1,2.5,"x",null,true]}"#),
            ("yes: 1\n0x10: 2\n1.5: 3\n", #"{"true":1,"16":2,"1.5":3}"#), ("# only\na: 1 # here\n", #"{"a":1}"#),
            ("%YAML 1.1\n---\na: 1\n", #"{"a":1}"#), ("\u{feff}a: 1\n", #"{"a":1}"#),
            ("a: 1\r\nb: 2\r\n", #"{"a":1,"b":2}"#),
            ("x: ${task.id}\nz: $${HOME}\n", ##"{"x":"${task.id}","z":"$${HOME}"}"##),
        ])
    func structures(text: String, expected: String) throws { #expect(try value(text).text() == expected) }

    @Test(
        "anchors, aliases and merges",
        arguments: [
            ("a: &x {b: 1}\nc: *x\n", #"{"a":{"b":1},"c":{"b":1}}"#), ("- &x 1\n- &x 2\n- *x\n", "[1,2,2]"),
            ("a: &k key\n*k : 1\n", #"{"a":"key","key":1}"#),
            ("d: &d {a: 1, b: 2}\ne: {<<: *d, b: 3}\n", #"{"d":{"a":1,"b":2},"e":{"b":3,"a":1}}"#),
            ("d: &d {a: 1}\ne: {b: 3, <<: *d}\n", #"{"d":{"a":1},"e":{"b":3,"a":1}}"#),
            ("- &a {p: 1}\n- &b {p: 2, q: 3}\n- {<<: [*a, *b]}\n", #"[{"p":1},{"p":2,"q":3},{"p":1,"q":3}]"#),
            ("- &a {p: 1}\n- &b {<<: *a, q: 2}\n- {<<: *b, r: 3}\n", #"[{"p":1},{"q":2,"p":1},{"r":3,"q":2,"p":1}]"#),
            (#"{"<<": 1}"#, #"{"<<":1}"#),
        ])
    func anchors(text: String, expected: String) throws { #expect(try value(text).text() == expected) }

    @Test(
        "several documents, the empty ones left out",
        arguments: [
            ("a: 1\n---\nb: 2\n", [#"{"a":1}"#, #"{"b":2}"#]), ("---\n---\na: 1\n...\n---\n", [#"{"a":1}"#]), ("", []),
            ("# nothing\n", []), ("--- null\n", ["null"]), ("--- text\n--- 2\n", [#""text""#, "2"]), ("---\n", []),
        ])
    func several(text: String, expected: [String]) throws {
        #expect(try YAMLDocument.parse(Array(text.utf8), file: "f").map { $0.json.text() } == expected)
    }

    @Test("every node knows its place")
    func places() throws {
        let text = "a: 1\nlist:\n  - é: [x, yy]\n  - &n |\n    block\n  - *n\n"
        let root = try #require(try YAMLDocument.parse(Array(text.utf8), file: "f").first)
        func place(_ node: YAMLNode?) -> String? { node?.position.description }
        #expect(place(root) == "1:1")
        #expect(place(root["a"]) == "1:4")
        #expect(place(root.mapping?[1].key) == "2:1")
        let list = try #require(root["list"]?.sequence)
        #expect(place(root["list"]) == "3:3")
        #expect(place(list[0].mapping?[0].key) == "3:5")
        #expect(place(list[0]["é"]?.sequence?[1]) == "3:12")
        #expect(list[1].position.line == 4 && list[1].isQuoted && list[1].string == "block\n")
        #expect(place(list[2]) == "6:5" && list[2].string == "block\n")
        #expect(root["a"]?.isQuoted == false)
    }

    @Test(
        "faults are told with their place, in words that help",
        arguments: [
            ("a: 1\na: 2\n", "f.yaml:2:1: the key `a` stands there twice, first on line 1"),
            ("yes: 1\ntrue: 2\n", "f.yaml:2:1: the key `true` stands there twice, first on line 1"),
            ("a: 1\n b: 2\n", "f.yaml:2:3: a `:` where no key can stand"),
            ("a: b: c\n", "f.yaml:1:5: a `:` where no key"),
            ("a:\n\t- b\n", "f.yaml:2:1: no value can start like this: a tab"),
            ("a: @b\n", "f.yaml:1:4: no value can start like this"),
            ("a: [1, 2\nb: 3\n", "f.yaml:2:2: expected `,` or `]`"), ("a: {b: 1\n", "f.yaml:2:1: expected `,` or `}`"),
            ("a: \"x\n", "f.yaml:2:1: the text ends inside a quoted value"),
            ("a: 'x\n", "f.yaml:2:1: the text ends inside"),
            (#"a: "\q""#, "f.yaml:1:5: unknown escape"), ("a: *x\n", "f.yaml:1:4: `*x` has no `&x` before it"),
            ("a: &x [*x]\n", "f.yaml:1:8: `*x` has no `&x` before it that is complete"),
            ("? [a]\n: b\n", "f.yaml:1:3: a key must be a string, not a list"),
            ("{a: b}: c\n", "f.yaml:1:1: a key must be a string, not a mapping"),
            ("~: a\n", "f.yaml:1:1: a key must be a string: quote it"),
            ("a: .inf\n", "f.yaml:1:4: `.inf` is a number that"),
            ("a: !!int x\n", "f.yaml:1:4: `x` is no !!int"), ("a: !mine x\n", "f.yaml:1:4: the tag `!mine` is not"),
            ("a: !!binary eA==\n", "f.yaml:1:4: `!!binary` is not supported"),
            ("a: !mine {b: 1}\n", "f.yaml:1:4: the tag `!mine` does not fit a mapping"),
            ("a: !!map [1]\n", "f.yaml:1:4: the tag `!!map` does not fit a list"),
            ("a: {<<: 1}\n", "f.yaml:1:9: `<<` merges a mapping or a list of mappings, not an integer"),
            ("x: &x {}\na: {<<: *x, <<: *x}\n", "f.yaml:2:13: a second `<<` in one mapping"),
            ("a: 1\n- b\n", "f.yaml:2:1: expected a key here"), ("- a\nb: 1\n", "f.yaml:2:1: expected `- ` here"),
            ("a: 1\n...\nb: 2\n", "f.yaml:3:1: something follows the document: expected `---`"),
            ("a: \u{1}\n", "f.yaml:1:4: a control character"),
            ("a: 0xfffffffffffffffff\n", "f.yaml:1:4: `0xfffffffffffffffff` is too large a number"),
            ("a\nb: 1\n", "f.yaml:2:2: a `:` where no key can stand"),
            ("a: b\nc\n", "f.yaml:3:1: expected `:` after a key"),
        ])
    func faults(text: String, expected: String) throws {
        let error = #expect(throws: YAMLError.self) { try YAMLDocument.parse(Array(text.utf8), file: "f.yaml") }
        #expect(error?.description.hasPrefix(expected) == true, "\(error?.description ?? "")")
    }

    @Test("what is no UTF-8 is refused at its place")
    func encoding() throws {
        let error = #expect(throws: YAMLError.self) {
            try YAMLDocument.parse(Array("a: é\nb: ".utf8) + [0xff], file: "f")
        }
        #expect(error?.description == "f:2:4: not UTF-8")
    }

    @Test("a bomb of aliases is defused")
    func bomb() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let parts = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(parts)]\n"
        }
        let error = #expect(throws: YAMLError.self) { try YAMLDocument.parse(Array(text.utf8), file: "f") }
        #expect(error?.message.hasPrefix("the aliases up to here stand for more than") == true)
        var merges = "- &m0 {"
        merges += (0..<100).map { "k\($0): 1" }.joined(separator: ", ") + "}\n"
        for level in 1...2000 { merges += "- &m\(level) {<<: *m\(level - 1)}\n" }
        #expect(throws: YAMLError.self) { try YAMLDocument.parse(Array(merges.utf8), file: "f") }
    }

    @Test("a text nested without end is refused", arguments: ["[", "{a: ", "- "])
    func depth(opening: String) throws {
        let text = String(repeating: opening, count: 5000)
        let error = #expect(throws: YAMLError.self) { try YAMLDocument.parse(Array(text.utf8), file: "f") }
        #expect(error != nil)
        let deep = String(repeating: "[", count: 190) + String(repeating: "]", count: 190)
        #expect(try value(deep).array != nil)
    }
}
