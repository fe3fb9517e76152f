import JSON
import KubeClient

extension ConformanceCase {
    /// Our own copy of the cluster, kept over a real connection.
    static let reflectors: [ConformanceCase] = [
        ConformanceCase("reflector.follows-an-object") { target in
            let run = target.unique("run")
            let reflector = Reflector<ConfigMap>(
                client: target.client, namespace: target.namespace, labels: try LabelSelector(["run": run]))
            try await beside(reflector) {
                let key = ObjectKey(namespace: target.namespace, name: run)
                _ = try await target.client.create(target.configMap(run, labels: ["run": run]))
                _ = try await target.eventually("it came") { reflector.object(key) }
                let changed = try await target.client.patch(
                    ConfigMap.self, run, namespace: target.namespace, .merge(["data": ["a": "1"]]))
                _ = try await target.eventually("it changed") {
                    reflector.object(key)?.resourceVersion == changed.resourceVersion ? true : nil
                }
                try await target.client.delete(ConfigMap.self, run, namespace: target.namespace)
                _ = try await target.eventually("it went") { reflector.object(key) == nil ? true : nil }
            }
        },
        ConformanceCase("reflector.loses-nothing-between-short-watches") { target in
            let run = target.unique("run")
            let reflector = Reflector<ConfigMap>(
                client: target.client, namespace: target.namespace, labels: try LabelSelector(["run": run]),
                machine: WatchMachine(pageSize: 2, timeout: .seconds(1)))
            try await beside(reflector) {
                var names: Set<String> = []
                for index in 0..<20 {
                    let name = "\(run)-\(index)"
                    _ = try await target.client.create(target.configMap(name, labels: ["run": run]))
                    names.insert(name)
                    try await Task.sleep(for: .milliseconds(200))
                }
                try await target.client.delete(ConfigMap.self, "\(run)-7", namespace: target.namespace)
                names.remove("\(run)-7")
                _ = try await target.eventually("the copy is whole") { () -> Bool? in
                    Set(reflector.snapshot().keys.map(\.name)) == names ? true : nil
                }
                try check("the last error", reflector.lastError.map { "\($0)" }, is: nil)
            }
        },
        ConformanceCase("reflector.lists-page-by-page") { target in
            let run = target.unique("run")
            for index in 0..<5 {
                _ = try await target.client.create(target.configMap("\(run)-\(index)", labels: ["run": run]))
            }
            let reflector = Reflector<ConfigMap>(
                client: target.client, namespace: target.namespace, labels: try LabelSelector(["run": run]),
                machine: WatchMachine(pageSize: 2))
            try await beside(reflector) { try check("objects", reflector.snapshot().count, is: 5) }
        },
    ]

    /// Runs `body` while the reflector runs, once its copy is whole.
    private static func beside(
        _ reflector: Reflector<ConfigMap>, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await reflector.run() }
            try await reflector.waitUntilReady(deadline: .seconds(20))
            try await body()
            group.cancelAll()
        }
    }
}
