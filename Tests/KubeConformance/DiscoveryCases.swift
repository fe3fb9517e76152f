import JSON
import KubeClient

extension ConformanceCase {
    static let discovery: [ConformanceCase] = [
        ConformanceCase("version.reported") { target in
            let version = try await target.client.version()
            try check(version >= ServerVersion(major: 1, minor: 20), "version is \(version)")
            try check(version.gitVersion.hasPrefix("v1."), "gitVersion is \(version.gitVersion)")
        },
        ConformanceCase("discovery.core") { target in
            let list = try await target.client.raw("/api/v1")
            try check("kind", list["kind"], is: "APIResourceList")
            try check("groupVersion", list["groupVersion"], is: "v1")
            for (name, kind, isNamespaced) in [
                ("pods", "Pod", true), ("pods/status", "Pod", true), ("pods/log", "Pod", true),
                ("secrets", "Secret", true),
                ("configmaps", "ConfigMap", true), ("events", "Event", true), ("namespaces", "Namespace", false),
                ("nodes", "Node", false),
            ] {
                try entry(list, name, kind, isNamespaced)
            }
        },
        ConformanceCase("discovery.batch") { target in
            let list = try await target.client.raw("/apis/batch/v1")
            try check("groupVersion", list["groupVersion"], is: "batch/v1")
            try entry(list, "jobs", "Job", true)
            try entry(list, "jobs/status", "Job", true)
        },
        ConformanceCase("discovery.coordination") { target in
            try entry(try await target.client.raw("/apis/coordination.k8s.io/v1"), "leases", "Lease", true)
        },
        ConformanceCase("discovery.groups") { target in
            let list = try await target.client.raw("/apis")
            try check("kind", list["kind"], is: "APIGroupList")
            let names = list["groups"]?.array?.compactMap { $0["name"]?.string } ?? []
            try check(names.contains("batch") && names.contains("coordination.k8s.io"), "groups are \(names)")
            let batch = list["groups"]?.array?.first { $0["name"] == "batch" }
            try check("preferred version", batch?.at("preferredVersion", "groupVersion"), is: "batch/v1")
        },
        ConformanceCase("discovery.versions") { target in
            let list = try await target.client.raw("/api")
            try check("kind", list["kind"], is: "APIVersions")
            try check("versions", list["versions"], is: ["v1"])
        },
        ConformanceCase("access.self-review") { target in
            func review(_ verb: String) async throws -> JSONValue? {
                let attributes: JSONValue = [
                    "namespace": .string(target.namespace), "verb": .string(verb), "group": "batch", "resource": "jobs",
                ]
                let object = DynamicObject(
                    .selfSubjectAccessReviews, raw: ["spec": ["resourceAttributes": attributes]])
                return try await target.client.create(object).object.raw.at("status", "allowed")
            }
            try check("allowed", try await review("create"), is: true)
        },
    ]

    private static func entry(_ list: JSONValue, _ name: String, _ kind: String, _ isNamespaced: Bool) throws {
        guard let entry = list["resources"]?.array?.first(where: { $0["name"]?.string == name }) else {
            throw Difference(description: "`\(name)` is not listed")
        }
        try check("kind of \(name)", entry["kind"], is: .string(kind))
        try check("scope of \(name)", entry["namespaced"], is: .bool(isNamespaced))
        try check(entry["verbs"]?.array?.contains("get") == true, "`\(name)` cannot be read")
    }
}
