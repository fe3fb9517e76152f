import JSON
import TestKit
import Testing

@Suite("JSON at random")
struct RandomTests {
    static let corpus = [
        #"{"metadata":{"name":"pod-1","labels":{"a":"é😀"},"uid":null},"n":[1,-2.5e10,0,true,false],"s":"\u00e9\ud83d\ude00\n"}"#,
        #"[[[[]]],{},"",{"a":{"b":{"c":[{}]}}},123456789012345678901234567890,-0,1E-5]"#, #""plain \" \\ \/ \b""#,
        " [ 1 , 2 ] ",
    ].map { Array($0.utf8) }

    static let pieces =
        ["\"", "\\", "\\u", "\\ud800", "{", "}", "[", "]", ",", ":", "-", "0", "1e", ".", "null", "\u{0}", "é"]
        .map { Array($0.utf8) } + [[0xff], [0xed, 0xa0, 0x80]]

    @Test("no bytes crash the parser, and what it reads it writes and reads again", arguments: 0..<8)
    func mutations(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var read = 0
        for _ in 0..<2500 {
            let bytes = random.mutation(of: Self.corpus.randomElement(using: &random) ?? [], with: Self.pieces)
            guard let value = try? JSONValue(parsing: bytes) else { continue }
            read += 1
            let again = try JSONValue(parsing: value.bytes)
            #expect(again == value && again.bytes == value.bytes, "seed \(seed): \(bytes)")
            #expect(try JSONValue(parsing: value.text(pretty: true, sorted: true)) == value, "seed \(seed): \(bytes)")
        }
        #expect(read > 100, "the mutations are too wild to say anything")
    }

    @Test("the difference of two documents, as a merge patch, leads from the one to the other", arguments: 0..<4)
    func mergePatches(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<200 {
            let old = randomObject(&random, depth: 3)
            let new = randomObject(&random, depth: 3)
            #expect(old.applying(mergePatch: difference(old, new)) == new, "seed \(seed)")
        }
    }

    private func randomObject(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        var object = JSONObject()
        for key in ["a", "b", "c", "d"] where Bool.random(using: &random) {
            let isObject = depth > 0 && Bool.random(using: &random)
            object[key] =
                isObject
                ? randomObject(&random, depth: depth - 1) : [.integer(.random(in: 0...2, using: &random)), "x"]
        }
        return .object(object)
    }

    private func difference(_ old: JSONValue, _ new: JSONValue) -> JSONValue {
        guard let oldMembers = old.object, let newMembers = new.object else { return new }
        var patch = JSONObject()
        for key in oldMembers.keys where newMembers[key] == nil { patch[key] = JSONValue.null }
        for (key, value) in newMembers {
            guard let before = oldMembers[key] else {
                patch[key] = value
                continue
            }
            if before != value {
                // A patch cannot tell an object that replaces from one that merges, but this way it need not.
                patch[key] = before.object != nil && value.object != nil ? difference(before, value) : value
            }
        }
        return .object(patch)
    }
}
