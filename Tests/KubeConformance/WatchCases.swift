import JSON
import KubeClient

extension ConformanceCase {
    static let watches: [ConformanceCase] = [
        ConformanceCase("watch.events-in-order") { target in
            let name = target.unique("order")
            let start = try await version(target)
            let made = try await target.client.create(target.configMap(name)).object
            let changed = try await patch(target, name, ["data": ["a": "1"]])
            try await target.client.delete(ConfigMap.self, name, namespace: target.namespace)
            let seen = try await events(target, .equals("metadata.name", name), from: start, count: 3)
            try check("events", seen.map(\.type), is: ["added", "modified", "deleted"])
            try check("first", seen[0].object.resourceVersion, is: made.resourceVersion)
            try check("second", seen[1].object.resourceVersion, is: changed.resourceVersion)
            try check("last state", seen[2].object.data, is: ["a": "1"])
            let versions = seen.compactMap { UInt64($0.object.resourceVersion ?? "") }
            try check(
                versions.count == 3 && versions == versions.sorted() && Set(versions).count == 3,
                "versions are \(versions)")
        },
        ConformanceCase("watch.objects-name-their-kind") { target in
            let name = target.unique("kind")
            let start = try await version(target)
            _ = try await target.client.create(target.configMap(name))
            let seen = try await events(target, .equals("metadata.name", name), from: start, count: 1)
            try check("kind", seen[0].object.raw["kind"], is: "ConfigMap")
            try check("apiVersion", seen[0].object.raw["apiVersion"], is: "v1")
        },
        ConformanceCase("watch.resumes-after-a-version") { target in
            let name = target.unique("resume")
            let made = try await target.client.create(target.configMap(name)).object
            let changed = try await patch(target, name, ["data": ["a": "1"]])
            let seen = try await events(
                target, .equals("metadata.name", name), from: made.resourceVersion, count: 1)
            try check("event", seen.map(\.type), is: ["modified"])
            try check("version", seen[0].object.resourceVersion, is: changed.resourceVersion)
        },
        ConformanceCase("watch.without-version-begins-with-what-is-there") { target in
            let name = target.unique("there")
            _ = try await target.client.create(target.configMap(name))
            let seen = try await events(target, .equals("metadata.name", name), from: nil, count: 1)
            try check("event", seen.map(\.type), is: ["added"])
        },
        ConformanceCase("watch.of-the-present-hears-what-comes") { target in
            let name = target.unique("live")
            let options = WatchOptions(
                fields: .equals("metadata.name", name), resourceVersion: try await version(target),
                timeout: .seconds(20))
            var watch = try await target.client.watch(ConfigMap.self, namespace: target.namespace, options)
            _ = try await target.client.create(target.configMap(name))
            guard case .added(let object) = try await watch.next() else { throw Difference(description: "no ADDED") }
            try check("name", object.name, is: name)
        },
        ConformanceCase("watch.labels-that-begin-and-cease-to-match") { target in
            let run = target.unique("run")
            let start = try await version(target)
            _ = try await target.client.create(target.configMap(run))
            _ = try await patch(target, run, ["metadata": ["labels": ["run": .string(run)]]])
            _ = try await patch(target, run, ["data": ["a": "1"]])
            _ = try await patch(target, run, ["metadata": ["labels": nil]])
            let options = WatchOptions(
                labels: try LabelSelector(["run": run]), resourceVersion: start, timeout: .seconds(20))
            let seen = try await collect(target, options, count: 3)
            try check("events", seen.map(\.type), is: ["added", "modified", "deleted"])
        },
        ConformanceCase("watch.phase-that-ceases-to-match") { target in
            let name = target.unique("phase")
            let start = try await version(target)
            _ = try await target.client.create(target.idlePod(name))
            _ = try await target.client.patch(
                Pod.self, name, namespace: target.namespace, .merge(["status": ["phase": "Failed"]]),
                subresource: "status")
            let options = WatchOptions(
                fields: .equals("metadata.name", name).and("status.phase", "Pending"), resourceVersion: start,
                timeout: .seconds(20))
            var watch = try await target.client.watch(Pod.self, namespace: target.namespace, options)
            guard case .added = try await watch.next(), case .deleted = try await watch.next() else {
                throw Difference(description: "expected ADDED and DELETED")
            }
        },
        ConformanceCase("watch.ends-at-its-timeout") { target in
            let options = WatchOptions(
                fields: .equals("metadata.name", "absent"), resourceVersion: try await version(target),
                timeout: .seconds(2), allowsBookmarks: false)
            let start = ContinuousClock.now
            var watch = try await target.client.watch(ConfigMap.self, namespace: target.namespace, options)
            while let event = try await watch.next() { throw Difference(description: "unexpected \(event)") }
            let lived = ContinuousClock.now - start
            try check(lived > .seconds(1) && lived < .seconds(6), "it lived for \(lived)")
        },
        ConformanceCase("watch.bookmarks-when-asked") { target in
            let start = try await version(target)
            let later = try await target.client.create(target.configMap(target.unique("mark"))).object
            let options = WatchOptions(
                fields: .equals("metadata.name", "absent"), resourceVersion: start, timeout: .seconds(8))
            var watch = try await target.client.watch(ConfigMap.self, namespace: target.namespace, options)
            guard case .bookmark(let version) = try await watch.next() else {
                throw Difference(description: "no bookmark came")
            }
            try check(
                (UInt64(version) ?? 0) >= (UInt64(later.resourceVersion ?? "") ?? .max),
                "the bookmark \(version) is older than \(later.resourceVersion ?? "")")
        },
        ConformanceCase("watch.deletion-with-finalizer-is-two-events") { target in
            let name = target.unique("held")
            let start = try await version(target)
            var object = target.configMap(name)
            object.finalizers = ["glue.test/hold"]
            _ = try await target.client.create(object)
            try await target.client.delete(ConfigMap.self, name, namespace: target.namespace)
            _ = try await patch(target, name, ["metadata": ["finalizers": nil]])
            let seen = try await events(target, .equals("metadata.name", name), from: start, count: 3)
            try check("events", seen.map(\.type), is: ["added", "modified", "deleted"])
            try check(seen[1].object.isDeleting, "the second event has no deletionTimestamp")
        },
        ConformanceCase("watch.all-namespaces") { target in
            let name = target.unique("everywhere")
            let start = try await version(target)
            _ = try await target.client.create(target.configMap(name))
            let options = WatchOptions(
                fields: .equals("metadata.name", name), resourceVersion: start, timeout: .seconds(20))
            var watch = try await target.client.watch(ConfigMap.self, options)
            guard case .added(let object) = try await watch.next() else { throw Difference(description: "no ADDED") }
            try check("namespace", object.namespace, is: target.namespace)
        },
        ConformanceCase("watch.malformed-version-refused") { target in
            let error = try await refusal("the version `x`") {
                let options = WatchOptions(resourceVersion: "x", timeout: .seconds(2))
                var watch = try await target.client.watch(ConfigMap.self, namespace: target.namespace, options)
                if case .error(let status) = try await watch.next() {
                    throw KubernetesError.status(status, ResourceOperation(verb: "watch", resource: .configMaps))
                }
            }
            try check((error.status?.code ?? 0) >= 400, "got \(error)")
        },
        ConformanceCase("watch.too-old-410") { target in
            let old = try target.forgottenVersion()
            let error = try await refusal("the version \(old)") {
                let options = WatchOptions(resourceVersion: old, timeout: .seconds(5))
                var watch = try await target.client.watch(Namespace.self, options)
                if case .error(let status) = try await watch.next() {
                    throw KubernetesError.status(status, ResourceOperation(verb: "watch", resource: .namespaces))
                }
            }
            try check(error.isGone && error.status?.code == 410, "got \(error)")
            try check("reason", error.status?.reason, is: "Expired")
        },
        ConformanceCase("watch.large-event") { target in
            let name = target.unique("large")
            let start = try await version(target)
            let text = String(repeating: "ü", count: 250_000)
            _ = try await target.client.create(target.configMap(name, data: ["text": text]))
            let seen = try await events(target, .equals("metadata.name", name), from: start, count: 1)
            try check(seen[0].object.data["text"] == text, "the text is another")
        },
    ]

    private struct Seen {
        let type: String
        let object: ConfigMap
    }

    private static func version(_ target: Target) async throws -> String {
        try await target.client.list(ConfigMap.self, namespace: target.namespace, .init(limit: 1)).resourceVersion
    }

    private static func patch(_ target: Target, _ name: String, _ change: JSONValue) async throws -> ConfigMap {
        try await target.client.patch(ConfigMap.self, name, namespace: target.namespace, .merge(change))
    }

    private static func events(
        _ target: Target, _ fields: FieldSelector, from version: String?, count: Int
    ) async throws -> [Seen] {
        let options = WatchOptions(fields: fields, resourceVersion: version, timeout: .seconds(20))
        return try await collect(target, options, count: count)
    }

    private static func collect(_ target: Target, _ options: WatchOptions, count: Int) async throws -> [Seen] {
        var seen: [Seen] = []
        var watch = try await target.client.watch(ConfigMap.self, namespace: target.namespace, options)
        while seen.count < count, let event = try await watch.next() {
            switch event {
            case .added(let object): seen.append(Seen(type: "added", object: object))
            case .modified(let object): seen.append(Seen(type: "modified", object: object))
            case .deleted(let object): seen.append(Seen(type: "deleted", object: object))
            case .bookmark: break
            case .error(let status): throw Difference(description: "the watch says \(status)")
            }
        }
        try check(seen.count == count, "\(seen.map(\.type)) instead of \(count) events")
        return seen
    }
}
