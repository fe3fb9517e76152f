import ClearMLClient
import Handoff
import JSON

/// What the task's document asks for, read once and checked. Pure.
struct ExecutionPlan: Sendable, Equatable {
    /// Where the code comes from.
    enum Source: Sendable, Equatable {
        /// A repository, with the uncommitted changes on top, or with a script of its own beside.
        case repository(Repository, changes: String?, script: String?)
        /// The text of the script itself.
        case literal(String)
        /// The image has it.
        case image
    }

    /// A place in a repository.
    struct Repository: Sendable, Equatable {
        var url: String
        var commit: String?
        var tag: String?
        var branch: String?
    }

    /// What is run.
    enum Entry: Sendable, Equatable {
        case file(String, arguments: [String])
        case module(String, arguments: [String])
        case code(String, arguments: [String])
    }

    var source: Source
    var entry: Entry
    /// Below the root of the code.
    var workingDirectory: String
    /// The program that runs it, as the task names it: `python3.11`, `/bin/bash`.
    var binary: String
    /// The text of the requirements, if the task has some.
    var requirements: String?

    /// Whether Python runs it.
    var isPython: Bool { Self.isPython(binary) }

    private static func isPython(_ binary: String) -> Bool {
        (binary.split(separator: "/").last ?? "").hasPrefix("py")
    }

    /// Reads the plan out of a task's `script`.
    init(script: JSONValue) throws(ExecutionFailure) {
        func text(_ key: String) -> String? {
            script[key]?.string.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
        }
        func word(_ key: String) -> String? {
            text(key).map { value in
                String(value.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
            }
        }
        binary = word("binary") ?? "python3"
        workingDirectory = word("working_dir") ?? "."
        requirements = Self.requirements(script["requirements"])
        let difference = text("diff")
        let isPatch = difference.map(Self.isPatch) ?? false
        if let url = word("repository") {
            source = .repository(
                Repository(url: url, commit: word("version_num"), tag: word("tag"), branch: word("branch")),
                changes: isPatch ? difference : nil, script: isPatch ? nil : difference)
        } else if let difference {
            if isPatch {
                throw ExecutionFailure(
                    code: .codeFetch, reason: "the task has uncommitted changes but no repository",
                    message: "set its repository, or put the whole script in its place")
            }
            source = .literal(difference)
        } else {
            source = .image
        }
        let standard = Self.isPython(binary) ? "untitled.py" : "untitled.sh"
        let entryText = word("entry_point")
        guard let words = shellWords(entryText ?? standard) else {
            throw ExecutionFailure(
                code: .codeFetch, reason: "the entry point `\(entryText ?? "")` has a quote that is not closed",
                message: "")
        }
        guard entryText != nil || difference != nil && !isPatch else {
            throw ExecutionFailure(
                code: .codeFetch, reason: "the task has nothing to run",
                message: "it has no script and no entry point: set `script.entry_point`, or give it a script")
        }
        entry = try Self.entry(words)
    }

    private static func entry(_ words: [String]) throws(ExecutionFailure) -> Entry {
        switch words.first {
        case "-m", "-c":
            guard words.count >= 2 else {
                throw ExecutionFailure(
                    code: .codeFetch, reason: "the entry point `\(words[0])` names nothing to run", message: "")
            }
            let rest = Array(words.dropFirst(2))
            return words[0] == "-m" ? .module(words[1], arguments: rest) : .code(words[1], arguments: rest)
        case .some(let file):
            if file.hasSuffix(".ipynb") {
                throw ExecutionFailure(
                    code: .codeFetch, reason: "the entry point `\(file)` is a notebook",
                    message: "convert it first: jupyter nbconvert --to script")
            }
            return .file(file, arguments: Array(words.dropFirst()))
        case nil: throw ExecutionFailure(code: .codeFetch, reason: "the entry point is empty", message: "")
        }
    }

    /// As the stock agent tells: the output of `git diff` begins with one of these words.
    private static func isPatch(_ text: String) -> Bool {
        let start = text.drop(while: \.isWhitespace)
        return start.hasPrefix("diff ") || start.hasPrefix("submodule ")
    }

    /// `pip` as one text or as a list; anything else counts as none.
    private static func requirements(_ value: JSONValue?) -> String? {
        let pip = value?["pip"]
        let text = pip?.string ?? pip?.array?.compactMap(\.string).joined(separator: "\n")
        return text.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
    }
}
