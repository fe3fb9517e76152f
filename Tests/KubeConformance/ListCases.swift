import JSON
import KubeClient

extension ConformanceCase {
    static let lists: [ConformanceCase] = [
        ConformanceCase("list.shape") { target in
            let path = "/api/v1/namespaces/\(target.namespace)/configmaps?labelSelector=glue.test%2Fnone"
            let list = try await target.client.raw(path)
            try check("kind", list["kind"], is: "ConfigMapList")
            try check("apiVersion", list["apiVersion"], is: "v1")
            try check("items", list["items"], is: [])
            try check(list.at("metadata", "resourceVersion")?.string?.isEmpty == false, "there is no resourceVersion")
        },
        ConformanceCase("list.version-is-not-older-than-its-objects") { target in
            let name = target.unique("version")
            let made = try await target.client.create(target.configMap(name)).object
            let list = try await target.client.list(ConfigMap.self, namespace: target.namespace)
            let object = UInt64(made.resourceVersion ?? "") ?? .max
            try check((UInt64(list.resourceVersion) ?? 0) >= object, "\(list.resourceVersion) < \(object)")
        },
        ConformanceCase("list.label-selectors") { target in
            let run = target.unique("run")
            for (name, labels) in [("a", ["tier": "x"]), ("b", ["tier": "y"]), ("c", [:])] {
                _ = try await target.client.create(
                    target.configMap("\(run)-\(name)", labels: labels.merging(["run": run]) { $1 }))
            }
            for (requirements, expected): ([LabelSelector.Requirement], [String]) in [
                ([], ["a", "b", "c"]), ([.equals("tier", "x")], ["a"]), ([.differs("tier", "x")], ["b", "c"]),
                ([.isOne("tier", of: ["x", "y"])], ["a", "b"]), ([.isNone("tier", of: ["x", "z"])], ["b", "c"]),
                ([.exists("tier")], ["a", "b"]), ([.isAbsent("tier")], ["c"]),
                ([.exists("tier"), .differs("tier", "y")], ["a"]), ([.equals("tier", "")], []),
            ] {
                let selector = try LabelSelector([.equals("run", run)] + requirements)
                let list = try await target.client.list(
                    ConfigMap.self, namespace: target.namespace, .init(labels: selector))
                try check("\(selector)", list.items.map { String($0.name.suffix(1)) }.sorted(), is: expected)
            }
        },
        ConformanceCase("list.field-name") { target in
            let name = target.unique("field")
            _ = try await target.client.create(target.configMap(name))
            _ = try await target.client.create(target.configMap(name + "-other"))
            let list = try await target.client.list(
                ConfigMap.self, namespace: target.namespace, .init(fields: .equals("metadata.name", name)))
            try check("names", list.items.map(\.name), is: [name])
        },
        ConformanceCase("list.field-phase-and-node") { target in
            let run = target.unique("run")
            _ = try await target.client.create(target.idlePod("\(run)-free", labels: ["run": run]))
            _ = try await target.client.create(
                target.idlePod("\(run)-bound", labels: ["run": run], node: "glue-absent-node"))
            _ = try await target.client.create(target.idlePod("\(run)-failed", labels: ["run": run]))
            _ = try await target.client.patch(
                Pod.self, "\(run)-failed", namespace: target.namespace, .merge(["status": ["phase": "Failed"]]),
                subresource: "status")
            func names(_ fields: FieldSelector) async throws -> [String] {
                let options = ListOptions(labels: try LabelSelector(["run": run]), fields: fields)
                return try await target.client.list(Pod.self, namespace: target.namespace, options).items
                    .map { String($0.name.dropFirst(run.count + 1)) }.sorted()
            }
            try check("failed", try await names(.equals("status.phase", "Failed")), is: ["failed"])
            try check(
                "not failed", try await names(FieldSelector().andNot("status.phase", "Failed")), is: ["bound", "free"])
            try check("bound", try await names(.equals("spec.nodeName", "glue-absent-node")), is: ["bound"])
            try check(
                "free and pending", try await names(.equals("spec.nodeName", "").and("status.phase", "Pending")),
                is: ["free"])
            try await target.client.delete(
                Pod.self, "\(run)-bound", namespace: target.namespace, .init(gracePeriodSeconds: 0))
        },
        ConformanceCase("list.field-events-of-one-object") { target in
            let uid = target.unique("uid")
            for (name, about) in [("one", uid), ("two", "another")] {
                var event = CoreEvent(name: "\(uid)-\(name)", namespace: target.namespace)
                event.raw["involvedObject"] = [
                    "kind": "Job", "namespace": .string(target.namespace), "name": "x", "uid": .string(about),
                ]
                _ = try await target.client.create(event)
            }
            let list = try await target.client.list(
                CoreEvent.self, namespace: target.namespace, .init(fields: .equals("involvedObject.uid", uid)))
            try check("events", list.items.map(\.name), is: ["\(uid)-one"])
        },
        ConformanceCase("list.unknown-field-400") { target in
            let error = try await refusal("an unknown field") {
                _ = try await target.client.list(
                    ConfigMap.self, namespace: target.namespace, .init(fields: .equals("data.a", "b")))
            }
            try check(error, 400, "BadRequest")
        },
        ConformanceCase("list.malformed-selector-400") { target in
            let error = try await refusal("a malformed selector") {
                _ = try await target.client.raw("/api/v1/namespaces/\(target.namespace)/configmaps?labelSelector=a%20b")
            }
            try check(error, 400, "BadRequest")
        },
        ConformanceCase("list.pages") { target in
            let run = target.unique("run")
            let names = (0..<5).map { "\(run)-\($0)" }
            for name in names.shuffled() {
                _ = try await target.client.create(target.configMap(name, labels: ["run": run]))
            }
            var options = ListOptions(labels: try LabelSelector(["run": run]), limit: 2)
            var seen: [String] = []
            var versions: Set<String> = []
            repeat {
                let page = try await target.client.list(ConfigMap.self, namespace: target.namespace, options)
                try check(page.items.count <= 2, "a page has \(page.items.count) objects")
                seen += page.items.map(\.name)
                versions.insert(page.resourceVersion)
                options.continueToken = page.continueToken
                if seen.count == 2 {
                    _ = try await target.client.create(target.configMap("\(run)-late", labels: ["run": run]))
                }
            } while options.continueToken != nil
            try check("names", seen, is: names)
            try check("versions of the pages", versions.count, is: 1)
        },
        ConformanceCase("list.pages-say-how-many-follow") { target in
            let name = target.unique("conformance")
            _ = try await target.client.create(Namespace(name: name))
            for index in 0..<3 { _ = try await target.client.create(Lease(name: "l\(index)", namespace: name)) }
            let page = try await target.client.list(Lease.self, namespace: name, .init(limit: 1))
            try check("remaining", page.remainingItemCount, is: 2)
            try await target.client.delete(Namespace.self, name)
        },
        ConformanceCase("list.malformed-continue-400") { target in
            let error = try await refusal("a malformed continue token") {
                _ = try await target.client.list(
                    ConfigMap.self, namespace: target.namespace, .init(limit: 1, continueToken: "nonsense"))
            }
            try check(error, 400, "BadRequest")
        },
        ConformanceCase("list.all-namespaces") { target in
            let name = target.unique("everywhere")
            let made = try await target.client.create(target.configMap(name)).object
            let list = try await target.client.list(ConfigMap.self, .init(fields: .equals("metadata.name", name)))
            try check("uids", list.items.map(\.uid), is: [made.uid])
            try check("namespaces", list.items.map(\.namespace), is: [target.namespace])
        },
        ConformanceCase("list.absent-namespace-is-empty") { target in
            let list = try await target.client.list(ConfigMap.self, namespace: "glue-absent")
            try check("items", list.items.count, is: 0)
        },
    ]
}
