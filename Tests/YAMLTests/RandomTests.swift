import JSON
import TestKit
import Testing
import YAML

@Suite("YAML at random")
struct RandomTests {
    static let corpus = [
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: &n a-b\n  labels: {x: *n, \"on\": 'yes'}\nspec:\n- a: |\n    text\n     more\n- >-\n  fold\n",
        "base: &base\n  k: 1\n  l: [1, 2.5, ~, yes]\nother:\n  <<: *base\n  k: 0x1F # comment\n---\n- ? key\n  : value\n...\n",
        "# nothing\n--- !!str 12\n--- {a: [b, {c: d}], \"e\\u00e9\": \"\\n\"}\n",
    ].map { Array($0.utf8) }

    static let pieces =
        [
            "\n", "  ", "\t", ": ", "- ", "? ", "&a ", "*a", "<<: ", "|\n", ">", "'", "\"", "\\", "{", "}", "[", "]",
            ",", "#", "---\n",
            "...\n", "!!int ", "!", "%YAML 1.1\n", "é", "\u{feff}", "\u{2028}",
        ].map { Array($0.utf8) } + [[0xff], [0xc3], [0]]

    @Test(
        "no bytes crash the reader, every fault has a place, and what is read is written and read again",
        arguments: 0..<8)
    func mutations(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var read = 0
        for _ in 0..<800 {
            let bytes = random.mutation(of: Self.corpus.randomElement(using: &random) ?? [], with: Self.pieces)
            let documents: [YAMLNode]
            do throws(YAMLError) { documents = try YAMLDocument.parse(bytes, file: "f") } catch {
                let lines = bytes.count { $0 == 0x0a || $0 == 0x0d } + bytes.count { $0 == 0xe2 || $0 == 0xc2 } + 1
                #expect((1...lines + 1).contains(error.position.line), "seed \(seed): \(error) in \(bytes)")
                #expect(error.position.column >= 1 && !error.message.isEmpty)
                continue
            }
            read += 1
            for document in documents {
                let written = YAMLEmitter.text(of: document.json)
                let again = try YAMLDocument.parse(Array(written.utf8), file: "again").map(\.json)
                #expect(again == [document.json], "seed \(seed): \(bytes)")
            }
        }
        #expect(read > 50, "the mutations are too wild to say anything")
    }

    @Test("strings of troublesome characters come back", arguments: 0..<4)
    func strings(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let alphabet = Array(
            " \n\t:#-?&*!|>'\"%@`,[]{}~=<.0123456789abeExoyn\\é😀\u{85}\u{2028}\u{feff}\u{0}\r".unicodeScalars)
        for _ in 0..<400 {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                scalars.append(alphabet.randomElement(using: &random) ?? " ")
            }
            let string = JSONValue.string(String(scalars))
            let document: JSONValue = [["k": string], .object([String(scalars): [string, [string]]])]
            let written = YAMLEmitter.text(of: document)
            let read = try YAMLDocument.parse(Array(written.utf8), file: "f").map(\.json)
            #expect(read == [document], "seed \(seed): \(document.text())")
        }
    }
}
