import OS
import Testing

/// The cases, run against the server that `GLUE_CONFORMANCE_KUBECONFIG` names, in a namespace of their own.
///
/// `GLUE_CONFORMANCE_TARGET` (`sandbox`, `real` …) chooses `skipped-<target>.txt`: one line `id: reason` for each case
/// that this target is known to fail. Those are run too: one that passes must leave the list.
@Suite(.enabled(if: ProcessFacts.environment()["GLUE_CONFORMANCE_KUBECONFIG"] != nil), .timeLimit(.minutes(5)))
struct ConformanceTests {
    @Test func `the API does what a Kubernetes API does`() async throws {
        guard let target = try Target(environment: ProcessFacts.environment()) else { return }
        let skipped = try SkipList(target: target.name)
        for id in skipped.unknown(among: ConformanceCase.all.map(\.id)) {
            Issue.record("\(skipped.path) names the case `\(id)`, which does not exist")
        }
        try await target.prepare()
        let failures = await run(ConformanceCase.all, on: target)
        try await target.remove()
        var ran = 0
        var left = 0
        for one in ConformanceCase.all {
            switch (failures[one.id], skipped.reason(one.id)) {
            case (nil, nil): ran += 1
            case (let failure?, nil):
                ran += 1
                Issue.record("\(one.id): \(failure)")
            case (nil, .some): Issue.record("\(one.id) passes, but stands in \(skipped.path): take it out")
            case (let failure?, let reason?):
                left += 1
                print("conformance: \(one.id) skipped (\(reason)): \(failure)")
            }
        }
        print("conformance: \(ran) cases run, \(left) skipped on \(target.name)")
    }

    /// Runs the cases, some at a time, and returns what failed and why.
    private func run(_ cases: [ConformanceCase], on target: Target) async -> [String: String] {
        await withTaskGroup(of: (String, String?).self) { group in
            var failures: [String: String] = [:]
            var waiting = cases[...]
            func start() {
                guard let next = waiting.popFirst() else { return }
                group.addTask {
                    do {
                        try await next.run(target)
                        return (next.id, nil)
                    } catch {
                        return (next.id, "\(error)")
                    }
                }
            }
            for _ in 0..<8 { start() }
            for await (id, failure) in group {
                failures[id] = failure
                start()
            }
            return failures
        }
    }
}

/// The cases that a target is known to fail, and why.
struct SkipList {
    let path: String
    private let reasons: [String: String]

    init(target: String) throws {
        var folder = #filePath
        while let last = folder.popLast(), last != "/" {}
        path = "\(folder)/skipped-\(target).txt"
        var reasons: [String: String] = [:]
        for line in String(decoding: try Files.read(path), as: UTF8.self).split(separator: "\n") {
            guard !line.hasPrefix("#") else { continue }
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, reasons[String(parts[0])] == nil else {
                throw Difference(description: "\(path): `\(line)` is no `id: reason`, or there twice")
            }
            reasons[String(parts[0])] = String(parts[1].drop { $0 == " " })
        }
        self.reasons = reasons
    }

    func reason(_ id: String) -> String? { reasons[id] }

    func unknown(among ids: [String]) -> [String] { reasons.keys.filter { !ids.contains($0) }.sorted() }
}

@Suite struct ConformanceListTests {
    @Test func `no two cases have one id, and the lists of skipped ones name only cases`() throws {
        let ids = ConformanceCase.all.map(\.id)
        #expect(Set(ids).count == ids.count)
        for target in ["sandbox", "real", "real-api"] {
            #expect(try SkipList(target: target).unknown(among: ids) == [])
        }
    }
}
