import Foundation
import KubeClient
import OS
import Testing

/// What happens to our copy when the API server dies. Needs a command that kills and starts it again.
@Suite(.enabled(if: ProcessFacts.environment()["GLUE_CONFORMANCE_RESTART"] != nil), .timeLimit(.minutes(5)))
struct RestartTests {
    @Test func `a reflector outlives the API server, and hears of what happened before it was back`() async throws {
        let environment = ProcessFacts.environment()
        let command = try #require(environment["GLUE_CONFORMANCE_RESTART"])
        let target = try #require(try Target(environment: environment))
        try await target.prepare()
        for name in ["stays", "goes"] {
            _ = try await target.client.create(target.configMap(name, labels: ["run": "x"]))
        }
        let reflector = Reflector<ConfigMap>(
            client: target.client, namespace: target.namespace, labels: try LabelSelector(["run": "x"]))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await reflector.run() }
            try await reflector.waitUntilReady(deadline: .seconds(20))
            #expect(reflector.snapshot().count == 2)
            try await run(command)
            // The copy stands while nobody answers, and says that it may be old.
            #expect(reflector.snapshot().count == 2)
            _ = try await target.eventually("the break was seen") { reflector.breaks > 0 ? true : nil }
            try await target.client.delete(ConfigMap.self, "goes", namespace: target.namespace)
            _ = try await target.client.create(target.configMap("comes", labels: ["run": "x"]))
            _ = try await target.eventually("the copy is whole again", within: .seconds(60)) { () -> Bool? in
                Set(reflector.snapshot().keys.map(\.name)) == ["stays", "comes"] ? true : nil
            }
            #expect(reflector.lastError == nil)
            group.cancelAll()
        }
        try await target.remove()
    }

    /// Runs a command in a shell, on a thread that may block. Foundation's `Process` would wait for the daemons that
    /// the command leaves behind.
    private func run(_ command: String) async throws {
        let status = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: system(command)) }
        }
        #expect(status == 0)
    }
}
