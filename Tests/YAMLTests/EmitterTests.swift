import JSON
import Testing
import YAML

@Suite("Emitter")
struct EmitterTests {
    @Test("a pod looks as people write it")
    func pod() throws {
        let pod = try JSONValue(
            parsing: #"""
                {"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{"app.kubernetes.io/name":"x","on":"yes"},
                "annotations":{}},"spec":{"containers":[{"name":"c","args":["-v","--x=1","a: b","8080","-c3"],
                "command":["sh","-c","echo 1\necho 2\n"],"env":[{"name":"E","value":""}],"ports":[]}],
                "nested":[[1,2],[],[[true]]],"priority":null,"n":-1.5}}
                """#)
        let text = """
            apiVersion: v1
            kind: Pod
            metadata:
              name: a
              labels:
                app.kubernetes.io/name: x
                "on": "yes"
              annotations: {}
            spec:
              containers:
              - name: c
                args:
                - -v
                - --x=1
                - "a: b"
                - "8080"
                - "-c3"
                command:
                - sh
                - -c
                - |
                  echo 1
                  echo 2
                env:
                - name: E
                  value: ""
                ports: []
              nested:
              - - 1
                - 2
              - []
              - - - true
              priority: null
              "n": -1.5

            """
        #expect(YAMLEmitter.text(of: pod) == text)
        #expect(try value(text) == pod)
    }

    static let strings = [
        "", " ", "a", " a", "a ", "a b", "a: b", "a:", ":a", "a #b", "a#b", "#a", "- a", "-", "--", "---", "--- a",
        "-a",
        "-1", "-.5", "...", "... a", "? a", "?", "yes", "No", "on", "y", "n", "null", "~", "~a", "true", "12", "1_0",
        "0x1F", "0o7", "017", "1.5", "1e3", ".5", ".inf", "-.INF", ".nan", "2001-12-14", "12:30:45", "190:20:30",
        "1.2.3",
        "10.0.0.1", "=", "<<", "&a", "*a", "!a", "|", ">", "'a'", "\"a\"", "a'b", "a\"b", "%a", "@a", "`a`", "[a", "{a",
        "]", "}", ",", "a,b", "a, b", "a\nb", "a\nb\n", "a\n\nb\n", "a\n\n", "\n", "\na", " a\nb", "a\n b", "a\n ",
        "a\n \nb", "\ta\nb", "a\tb", "\t", "a\r\nb", "a\rb", "\u{0}", "\u{7f}", "\u{85}", "a\u{2028}b", "\u{feff}", "é",
        "日本", "😀", "a\u{301}", "\u{301}", "\\", "\\n", "a\\b", "${x}", "$${x}", "# a\n# b\n", "- a\n- b\n",
        "a: |\n  b\n",
        "100m", "16Gi", "a: b\nc: d", "\u{fffe}", "\u{a0}", "0b1", "+1", "1e400",
        String(repeating: "long ", count: 400),
    ]

    @Test("every string comes back as itself, as a value, a key, an element and a document", arguments: strings)
    func roundTrip(string: String) throws {
        let text = JSONValue.string(string)
        for document in [
            text, [text], [[text, text]], ["k": text], JSONValue.object([string: text]),
            [.object([string: [text]]), .object([string: ["x": text]])], ["a": ["b": text, "c": 1]],
        ] as [JSONValue] {
            let written = YAMLEmitter.text(of: document)
            let read = try YAMLDocument.parse(Array(written.utf8), file: "emitted")
            #expect(read.count == 1, "\(written)")
            #expect(read.first?.json.bytes == document.bytes, "\(written)")
        }
    }

    @Test(
        "numbers come back by value",
        arguments: ["0", "-1", "1.5", "1e5", "1E-7", "123456789012345678901234567890", "0.1"])
    func numbers(text: String) throws {
        let number = try JSONValue(parsing: text)
        #expect(try value(YAMLEmitter.text(of: number)).double == number.double)
    }

    @Test("several documents stay several")
    func documents() throws {
        let text = YAMLEmitter.text(of: [["a": 1], "x", [], "a\nb\n"])
        #expect(try YAMLDocument.parse(Array(text.utf8), file: "f").map(\.json) == [["a": 1], "x", [], "a\nb\n"])
    }
}
