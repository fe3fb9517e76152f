import ClearMLClient
import JSON
import Testing
import YAML

@testable import Glue

/// Whatever a task contains, it changes only the fields that are meant for it.
@Suite("Hostile tasks")
struct HostileTaskTests {
    private let template = """
        apiVersion: batch/v1
        kind: Job
        metadata:
          labels: {name: "n-${task.name}", user: "${task.user}"}
        spec:
          template:
            metadata:
              annotations: {about: "${task.name} by ${task.user}"}
            spec:
              containers:
                - {name: task, image: "${task.container.image}", command_is: none}
              volumes: [{name: v, emptyDir: {}}]
        """.replacing(", command_is: none", with: "")

    static let texts: [String] = [
        "", " ", "\n", "a\nb: c", "\"", "'", "\\", "${task.id}", "$${x}", "${", "$(GLUE_TASK_ID)", "$$(X)", "{a: b}",
        "[1]", "- x", "&a *a", "!!binary x", "# c", "| >", "%YAML", "---\nkind: Pod", "true", "null", "~", "1e3", "\0",
        "\u{1}\u{7f}\u{85}\u{2028}", "日本語 🚀 e\u{301}", "\u{202e}rtl", "a\r\nb", "../../etc", "-----", "....",
        #"","command":["sh"],"x":""#, "}}}}]]]]", String(repeating: "\"\n", count: 1000),
        String(repeating: "é", count: 63), "\u{feff}",
    ]

    @Test("a name, a user, a project", arguments: texts)
    func names(text: String) throws {
        let plain = try RenderBench.job(template).leaves
        let task = RenderBench.task(["name": .string(text), "user": .string(text), "project": .string(text)])
        let job = try RenderBench.job(template, task)
        let hostile = job.leaves
        #expect(Set(plain.keys) == Set(hostile.keys))
        let meant: Set = [
            "/metadata/labels/name", "/metadata/labels/user", "/spec/template/metadata/annotations/about",
            "/metadata/annotations/glue.clearml/task-name",
            "/spec/template/metadata/annotations/glue.clearml/task-name",
        ]
        for (path, leaf) in hostile where !meant.contains(path) { #expect(plain[path] == leaf, "\(path)") }
        if text.utf8.count < 1000 {
            #expect(hostile["/spec/template/metadata/annotations/about"] == .string("\(text) by \(text)"))
        }
        for name in ["name", "user"] {
            let label = try #require(hostile["/metadata/labels/\(name)"]?.string)
            #expect(Names.labelValue(label) == label)
        }
        let short = try #require(hostile["/metadata/annotations/glue.clearml/task-name"]?.string)
        #expect(short.utf8.count <= 1024 && (text.utf8.count > 1024 || short == text))
        // What is sent, and what `glue render` shows, read back as the same.
        #expect(try JSONValue(parsing: job.bytes) == job)
    }

    @Test("what is shown as YAML reads back as the same", arguments: texts)
    func shown(text: String) throws {
        let job = try RenderBench.job(template, RenderBench.task(["name": .string(text)]))
        let shown = YAMLEmitter.text(of: job)
        #expect(try YAMLDocument.parse(Array(shown.utf8), file: "shown").first?.json == job)
    }

    @Test("an image: used as it is or refused", arguments: texts)
    func images(text: String) throws {
        let task = RenderBench.task(["container": ["image": .string(text)]])
        let problems = RenderBench.problems(template, task)
        if !problems.isEmpty {
            #expect(problems.count == 1 && problems[0].hasPrefix("container image: ") && problems[0].utf8.count < 500)
            return
        }
        let plain = try RenderBench.job(template).leaves
        for (path, leaf) in try RenderBench.job(template, task).leaves {
            let path = path
            if path == "/spec/template/spec/containers/0/image" {
                let isBlank = text.allSatisfy(\.isWhitespace)
                #expect(leaf == .string(isBlank ? "python:3.11" : text.trimmed))
            } else {
                #expect(plain[path] == leaf, "\(path)")
            }
        }
    }

    @Test("the value of a docker variable: the program gets it as it is, or the task fails", arguments: texts)
    func variables(text: String) throws {
        let quoted = "'" + text.replacing("'", with: #"'\''"#) + "'"
        let task = RenderBench.task(["container": ["arguments": .string("-e A=" + quoted)]])
        let problems = RenderBench.problems(template, task)
        if !problems.isEmpty {
            #expect(text.contains("\0"))
            return
        }
        let value = try #require(try RenderBench.job(template, task).variable("A")?["value"]?.string)
        #expect(expandedByKubelet(value) == text)
    }

    @Test("the names in docker arguments and hyperparameters never become fields", arguments: texts)
    func keys(text: String) throws {
        let plain = try RenderBench.job(template).leaves
        let quoted = "'" + text.replacing("'", with: #"'\''"#) + "=1'"
        var task = RenderBench.task(wishes: [text: "1"])
        task.raw["container"] = ["arguments": .string("-e " + quoted + " --x=" + quoted)]
        let leaves = try RenderBench.job(template, task).leaves
        let more = leaves.filter { plain[$0.key] != $0.value }
        // At most one more variable, and only under a name that is one; it moves those of ours one place down.
        let names = leaves.filter { $0.key.contains("/env/") && $0.key.hasSuffix("/name") }.compactMap(\.value.string)
        #expect(more.keys.allSatisfy { $0.contains("/containers/0/env/") })
        #expect(names.allSatisfy { $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } })
        #expect(Set(leaves.keys.filter { !$0.contains("/env/") }) == Set(plain.keys.filter { !$0.contains("/env/") }))
    }

    @Test("a text of 1 MiB is cut where it is only shown, and refused where it counts")
    func huge() throws {
        let huge = String(repeating: "x", count: 1 << 20)
        let job = try RenderBench.job(template, RenderBench.task(["name": .string(huge), "user": .string(huge)]))
        #expect(job.bytes.count < 16_384)
        #expect(job.down("metadata/labels/name") == .string("n-" + huge.prefix(61)))
        for field in ["image", "arguments"] {
            let text = field == "image" ? huge : "-e A=" + huge
            let problems = RenderBench.problems(template, RenderBench.task(["container": [field: .string(text)]]))
            #expect(problems.count == 1 && problems[0].utf8.count < 300)
        }
        let wishes = RenderBench.problems(template, RenderBench.task(wishes: ["memory": huge]))
        #expect(wishes.count == 1 && wishes[0].utf8.count < 300)
    }

    @Test("a task id that is none never names a Job")
    func id() {
        for id in ["", "../x", "0123456789ABCDEF0123456789ABCDEF", String(repeating: "a", count: 33)] {
            #expect(RenderBench.problems(template, RenderBench.task(["id": .string(id)])).count == 1)
        }
    }

    /// `$(NAME)` and `$$` as the kubelet expands them when no such name is set.
    private func expandedByKubelet(_ text: String) -> String {
        var output = String.UnicodeScalarView()
        var scalars = Array(text.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            output.append(scalar)
            guard scalar == "$" else { continue }
            if scalars.first == "$" { scalars.removeFirst() } else if scalars.first == "(" { return "a reference" }
        }
        return String(output)
    }
}
