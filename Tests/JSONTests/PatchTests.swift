import JSON
import Testing

@Suite("Patches")
struct PatchTests {
    // RFC 7396, appendix A, and one for order.
    @Test(
        "a merge patch does what RFC 7396 shows",
        arguments: [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
            (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
            (#"{"a":"b"}"#, #"{"a":null}"#, #"{}"#),
            (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
            (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
            (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
            (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
            (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
            (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
            (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#),
            (#"{"a":"foo"}"#, #"null"#, #"null"#),
            (#"{"a":"foo"}"#, #""bar""#, #""bar""#),
            (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
            (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
            (#"{}"#, #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
            (#"{"z":1,"a":2}"#, #"{"z":3}"#, #"{"z":3,"a":2}"#),
        ])
    func mergePatch(document: String, patch: String, result: String) throws {
        let patched = try JSONValue(parsing: document).applying(mergePatch: JSONValue(parsing: patch))
        #expect(patched.text() == result)
    }

    // RFC 6902, appendix A, and the corners of RFC 6901.
    @Test(
        "a JSON patch does what RFC 6902 shows",
        arguments: [
            (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux"}]"#, #"{"baz":"qux","foo":"bar"}"#),
            (#"{"foo":["bar","baz"]}"#, #"[{"op":"add","path":"/foo/1","value":"q"}]"#, #"{"foo":["bar","q","baz"]}"#),
            (#"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/1","value":"q"}]"#, #"{"foo":["bar","q"]}"#),
            (#"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/-","value":["a"]}]"#, #"{"foo":["bar",["a"]]}"#),
            (#"{"baz":"qux","foo":"bar"}"#, #"[{"op":"remove","path":"/baz"}]"#, #"{"foo":"bar"}"#),
            (#"{"foo":["bar","qux","baz"]}"#, #"[{"op":"remove","path":"/foo/1"}]"#, #"{"foo":["bar","baz"]}"#),
            (#"{"baz":"qux"}"#, #"[{"op":"replace","path":"/baz","value":"boo"}]"#, #"{"baz":"boo"}"#),
            (
                #"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
                #"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
                #"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#
            ),
            (#"{"foo":["a","b","c"]}"#, #"[{"op":"move","from":"/foo/0","path":"/foo/2"}]"#, #"{"foo":["b","c","a"]}"#),
            (#"{"a":{"b":1}}"#, #"[{"op":"copy","from":"/a","path":"/c"}]"#, #"{"a":{"b":1},"c":{"b":1}}"#),
            (#"{"baz":["a",2]}"#, #"[{"op":"test","path":"/baz/1","value":2}]"#, #"{"baz":["a",2]}"#),
            (#"{"a":1}"#, #"[{"op":"test","path":"/a","value":1.0}]"#, #"{"a":1}"#),
            (#"{"a":[{"b":100}]}"#, #"[{"op":"test","path":"/a","value":[{"b":1e2}]}]"#, #"{"a":[{"b":100}]}"#),
            (
                #"{"foo":"bar"}"#, #"[{"op":"add","path":"/child","value":{"g":{}}}]"#,
                #"{"foo":"bar","child":{"g":{}}}"#
            ),
            (#"{"foo":1}"#, #"[{"op":"add","path":"","value":[1]}]"#, #"[1]"#),
            (#"{"":1,"a/b":2,"m~n":3}"#, #"[{"op":"remove","path":"/a~1b"}]"#, #"{"":1,"m~n":3}"#),
            (#"{"~1":1}"#, #"[{"op":"replace","path":"/~01","value":2}]"#, #"{"~1":2}"#),
            (#"{"":1}"#, #"[{"op":"replace","path":"/","value":2}]"#, #"{"":2}"#),
            (#"{"a":1}"#, #"[{"op":"add","path":"/a","value":null}]"#, #"{"a":null}"#),
            (#"{"a":1}"#, #"[]"#, #"{"a":1}"#),
            (#"{"a":1}"#, #"[{"op":"move","from":"/a","path":"/a"}]"#, #"{"a":1}"#),
        ])
    func patch(document: String, patch: String, result: String) throws {
        let patched = try JSONValue(parsing: document).applying(patch: JSONValue(parsing: patch))
        #expect(try patched == JSONValue(parsing: result), "got \(patched.text())")
    }

    @Test(
        "a JSON patch that does not fit is refused, and says where",
        arguments: [
            (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/a/b","value":1}]"#, JSONPatchError.Reason.missing),
            (#"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/2","value":1}]"#, .noSuchIndex),
            (#"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/01","value":1}]"#, .noSuchIndex),
            (#"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/+1","value":1}]"#, .noSuchIndex),
            (#"{"foo":["bar"]}"#, #"[{"op":"remove","path":"/foo/-"}]"#, .noSuchIndex),
            (#"{"foo":["bar"]}"#, #"[{"op":"remove","path":"/foo/99999999999999999999"}]"#, .noSuchIndex),
            (#"{"foo":"bar"}"#, #"[{"op":"remove","path":"/baz"}]"#, .missing),
            (#"{"foo":"bar"}"#, #"[{"op":"replace","path":"/baz","value":1}]"#, .missing),
            (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/foo/x","value":1}]"#, .notAContainer),
            (#"{"foo":"bar"}"#, #"[{"op":"test","path":"/foo","value":"baz"}]"#, .testFailed),
            (#"{"foo":"bar"}"#, #"[{"op":"test","path":"/x","value":null}]"#, .missing),
            (#"{"a":10}"#, #"[{"op":"test","path":"/a","value":"10"}]"#, .testFailed),
            (#"{"a":{"b":1}}"#, #"[{"op":"move","from":"/a","path":"/a/b"}]"#, .intoItself),
            (#"{"a":1}"#, #"[{"op":"copy","from":"/b","path":"/c"}]"#, .missing),
        ])
    func refusedPatch(document: String, patch: String, reason: JSONPatchError.Reason) throws {
        let document = try JSONValue(parsing: document)
        let patch = try JSONValue(parsing: patch)
        let error = #expect(throws: JSONPatchError.self) { try document.applying(patch: patch) }
        #expect(error?.reason == reason)
        #expect(error?.operation == 0)
    }

    @Test(
        "a JSON patch that is none is refused",
        arguments: [
            "{}", #"[1]"#, #"[{"op":"jump","path":"/a"}]"#, #"[{"op":"add","path":"/b"}]"#,
            #"[{"op":"add","path":"b","value":1}]"#, #"[{"op":"add","path":"/~2","value":1}]"#,
            #"[{"op":"move","path":"/b"}]"#, #"[{"path":"/b","value":1}]"#, #"[{"op":"remove"}]"#,
        ])
    func malformed(patch: String) throws {
        let patch = try JSONValue(parsing: patch)
        let error = #expect(throws: JSONPatchError.self) { try (["a": 1] as JSONValue).applying(patch: patch) }
        guard case .malformed = error?.reason else {
            Issue.record("another reason: \(String(describing: error))")
            return
        }
    }

    @Test("the error names the operation and its path")
    func message() throws {
        let patch: JSONValue = [
            ["op": "add", "path": "/a", "value": 1], ["op": "test", "path": "/a~1b/0", "value": 1],
        ]
        let error = #expect(throws: JSONPatchError.self) { try ([:] as JSONValue).applying(patch: patch) }
        #expect(error?.description == "patch operation 1 at `/a~1b/0`: nothing is there")
    }

    @Test("a pointer reads and writes itself", arguments: ["", "/", "/a/b", "/a~1b/m~0n/0", "//", "/\u{301}~1\u{301}"])
    func pointers(text: String) { #expect(JSONPointer(text)?.description == text) }
}
