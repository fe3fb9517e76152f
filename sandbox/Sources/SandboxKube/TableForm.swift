import HTTP
import JSON
import OS

/// The form that `kubectl get` asks for: columns and cells, made on the server.
struct TableForm: Sendable {
    private struct Column {
        var name: String
        var type = "string"
        var priority = 0
    }

    private let kind: KubeKind
    private let includes: String

    /// `nil` when the request does not prefer a table.
    init?(_ request: ResourceRequest) {
        let first = (request.http.headers["Accept"] ?? "").split(separator: ",").first ?? ""
        guard first.contains("as=Table"), first.contains("v=v1;") || first.hasSuffix("v=v1") || first.contains(";v=v1")
        else { return nil }
        kind = request.kind
        includes = request.target["includeObject"] ?? "Metadata"
    }

    func table(of objects: [JSONValue], resourceVersion: String, continuing: String?, now: Timestamp) -> JSONValue {
        var metadata: JSONValue = ["resourceVersion": .string(resourceVersion)]
        if let continuing { metadata["continue"] = .string(continuing) }
        return [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": .array(
                columns.map {
                    [
                        "name": .string($0.name), "type": .string($0.type),
                        "format": .string($0.name == "Name" ? "name" : ""), "description": "",
                        "priority": .integer(Int64($0.priority)),
                    ]
                }),
            "rows": .array(
                objects.map { object in
                    ["cells": .array(cells(object, now: now)), "object": included(object)]
                }),
        ]
    }

    private func included(_ object: JSONValue) -> JSONValue {
        switch includes {
        case "Object": object
        case "None": nil
        default:
            [
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": object["metadata"] ?? [:],
            ]
        }
    }

    private var columns: [Column] {
        let name = Column(name: "Name")
        let age = Column(name: "Age")
        switch kind.stored {
        case .pods:
            return [
                name, Column(name: "Ready"), Column(name: "Status"), Column(name: "Restarts"), age,
                Column(name: "IP", priority: 1), Column(name: "Node", priority: 1),
                Column(name: "Nominated Node", priority: 1), Column(name: "Readiness Gates", priority: 1),
            ]
        case .jobs:
            return [
                name, Column(name: "Status"), Column(name: "Completions"), Column(name: "Duration"), age,
                Column(name: "Containers", priority: 1), Column(name: "Images", priority: 1),
                Column(name: "Selector", priority: 1),
            ]
        case .events:
            return [
                Column(name: "Last Seen"), Column(name: "Type"), Column(name: "Reason"), Column(name: "Object"),
                Column(name: "Message"), Column(name: "Name", priority: 1),
            ]
        case .nodes: return [name, Column(name: "Status"), Column(name: "Roles"), age, Column(name: "Version")]
        case .namespaces: return [name, Column(name: "Status"), age]
        case .secrets: return [name, Column(name: "Type"), Column(name: "Data", type: "integer"), age]
        case .configMaps: return [name, Column(name: "Data", type: "integer"), age]
        case .leases: return [name, Column(name: "Holder"), age]
        default: return [name, age]
        }
    }

    private func cells(_ object: JSONValue, now: Timestamp) -> [JSONValue] {
        let name = JSONValue.string(object.name)
        let age = JSONValue.string(Age.text(since: object.string("metadata", "creationTimestamp"), now: now))
        func text(_ value: String?) -> JSONValue { .string(value.flatMap { $0.isEmpty ? nil : $0 } ?? "<none>") }
        switch kind.stored {
        case .pods:
            let summary = PodSummary(object)
            return [
                name, .string("\(summary.ready)/\(summary.total)"), .string(summary.status),
                .string(String(summary.restarts)), age, text(object.string("status", "podIP")),
                text(object.string("spec", "nodeName")), text(object.string("status", "nominatedNodeName")), "<none>",
            ]
        case .jobs:
            let containers = object.list("spec", "template", "spec", "containers")
            let selector = (object.at("spec", "selector", "matchLabels")?.object ?? [:]).map {
                "\($0.key)=\($0.value.string ?? "")"
            }
            return [
                name, .string(jobStatus(object)), .string(completions(object)), .string(duration(object, now: now)),
                age,
                .string(containers.compactMap { $0["name"]?.string }.joined(separator: ",")),
                .string(containers.compactMap { $0["image"]?.string }.joined(separator: ",")),
                .string(selector.joined(separator: ",")),
            ]
        case .events:
            let about = object["involvedObject"] ?? object["regarding"] ?? [:]
            let last =
                object.string("lastTimestamp") ?? object.string("deprecatedLastTimestamp")
                ?? object.string("eventTime") ?? object.string("metadata", "creationTimestamp")
            return [
                .string(Age.text(since: last, now: now)), object["type"] ?? "", object["reason"] ?? "",
                .string("\((about.string("kind") ?? "").lowercased())/\(about.string("name") ?? "")"),
                object["message"] ?? object["note"] ?? "", name,
            ]
        case .nodes:
            let isUnschedulable = object.bool("spec", "unschedulable") == true
            return [
                name,
                .string(
                    (object.isTrue("Ready") ? "Ready" : "NotReady") + (isUnschedulable ? ",SchedulingDisabled" : "")),
                "<none>", age, text(object.string("status", "nodeInfo", "kubeletVersion")),
            ]
        case .namespaces: return [name, .string(object.phase), age]
        case .secrets: return [name, object["type"] ?? "Opaque", count(object["data"]), age]
        case .configMaps: return [name, count(object["data"]), age]
        case .leases: return [name, object.at("spec", "holderIdentity") ?? "", age]
        default: return [name, age]
        }
    }

    private func count(_ data: JSONValue?) -> JSONValue { .integer(Int64(data?.object?.count ?? 0)) }

    private func jobStatus(_ job: JSONValue) -> String {
        if job.isTrue("Complete") { return "Complete" }
        if job.isTrue("Failed") { return "Failed" }
        if job.isDeleting { return "Terminating" }
        if job.isTrue("Suspended") { return "Suspended" }
        if job.isTrue("FailureTarget") { return "FailureTarget" }
        if job.isTrue("SuccessCriteriaMet") { return "SuccessCriteriaMet" }
        return "Running"
    }

    private func completions(_ job: JSONValue) -> String {
        let done = job.int("status", "succeeded") ?? 0
        if let wanted = job.int("spec", "completions") { return "\(done)/\(wanted)" }
        let parallelism = job.int("spec", "parallelism") ?? 0
        return parallelism > 1 ? "\(done)/1 of \(parallelism)" : "\(done)/1"
    }

    private func duration(_ job: JSONValue, now: Timestamp) -> String {
        guard let start = job.string("status", "startTime").flatMap(Timestamp.init(iso:)) else { return "" }
        let end = job.string("status", "completionTime").flatMap(Timestamp.init(iso:)) ?? now
        return Age.text(end.since(start))
    }
}
