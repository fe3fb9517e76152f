import JSON

/// What is wrong with an object, field by field.
enum Validation {
    static func causes(_ kind: KubeKind, _ object: JSONValue) -> [FieldCause] {
        var causes = metadata(kind, object)
        switch kind {
        case .jobs: causes += JobValidation.causes(object)
        case .pods: causes += PodValidation.causes(object["spec"] ?? [:], at: "spec")
        case .secrets, .configMaps: causes += data(kind, object)
        case .events:
            let home = object.string("involvedObject", "namespace") ?? ""
            if !home.isEmpty, home != object.namespace {
                causes.append(.invalid("involvedObject.namespace", .string(home), "does not match event.namespace"))
            }
        default: break
        }
        return causes
    }

    private static func metadata(_ kind: KubeKind, _ object: JSONValue) -> [FieldCause] {
        var causes: [FieldCause] = []
        let name = object.name
        if name.isEmpty {
            causes.append(.required("metadata.name", "name or generateName is required"))
        } else if let fault = nameFault(kind, name) {
            causes.append(.invalid("metadata.name", .string(name), fault))
        }
        causes += labels(object.labels, at: "metadata.labels")
        var size = 0
        for (key, value) in object.at("metadata", "annotations")?.object ?? [:] {
            if let fault = Names.keyFault(key.lowercased()) {
                causes.append(.invalid("metadata.annotations", .string(key), fault))
            }
            size += key.utf8.count + (value.string?.utf8.count ?? 0)
        }
        if size > 262_144 {
            causes.append(
                FieldCause(
                    field: "metadata.annotations", reason: "FieldValueTooLong",
                    message: "Too long: may not be more than 262144 bytes"))
        }
        for finalizer in object.finalizers {
            if let fault = Names.keyFault(finalizer) {
                causes.append(.invalid("metadata.finalizers", .string(finalizer), fault))
            } else if !finalizer.contains("/"),
                !["orphan", "foregroundDeletion", "kubernetes"].contains(finalizer)
            {
                causes.append(
                    .invalid(
                        "metadata.finalizers", .string(finalizer),
                        "name is neither a standard finalizer name nor is it fully qualified"))
            }
        }
        for (place, owner) in object.ownerReferences.enumerated() {
            for name in ["apiVersion", "kind", "name", "uid"] where owner[name]?.string?.isEmpty ?? true {
                causes.append(.required("metadata.ownerReferences[\(place)].\(name)", "\(name) must not be empty"))
            }
        }
        return causes
    }

    private static func nameFault(_ kind: KubeKind, _ name: String) -> String? {
        switch kind {
        case .namespaces: Names.labelFault(name)
        case .roles, .roleBindings, .clusterRoles, .clusterRoleBindings:
            // `system:node` is a good name here; what a path cannot hold is none.
            name == "." || name == ".." || name.contains("/") || name.contains("%")
                ? "may not be '.' or '..', nor contain '/' or '%'" : nil
        default: Names.subdomainFault(name)
        }
    }

    static func labels(_ labels: JSONObject, at path: String) -> [FieldCause] {
        var causes: [FieldCause] = []
        for (key, value) in labels {
            if let fault = Names.keyFault(key) { causes.append(.invalid(path, .string(key), fault)) }
            if let value = value.string, let fault = Names.labelValueFault(value) {
                causes.append(.invalid(path, .string(value), fault))
            }
        }
        return causes
    }

    private static func data(_ kind: KubeKind, _ object: JSONValue) -> [FieldCause] {
        var causes: [FieldCause] = []
        var size = 0
        for (key, value) in object["data"]?.object ?? [:] {
            if !Names.isConfigKey(key) {
                causes.append(
                    .invalid(
                        "data[\(key)]", .string(key),
                        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
                    ))
            }
            size += value.string?.utf8.count ?? 0
        }
        if size > 1_048_576 * (kind == .secrets ? 4 : 3) / 3 {
            causes.append(
                FieldCause(
                    field: "data", reason: "FieldValueTooLong", message: "Too long: may not be more than 1048576 bytes")
            )
        }
        return causes
    }

    /// Only a delete makes an object deleting. On one that is, what a write leaves out or says of it does not count.
    static func deletionMarks(old: JSONValue, new: JSONValue) -> [FieldCause] {
        guard !old.isDeleting else { return [] }
        return ["deletionTimestamp", "deletionGracePeriodSeconds"].compactMap { name in
            guard let value = new.at("metadata", name), !value.isNull else { return nil }
            return .invalid("metadata.\(name)", value, "field is immutable")
        }
    }

    /// What may not be changed.
    static func changeCauses(_ kind: KubeKind, old: JSONValue, new: JSONValue, _ part: ObjectPart) -> [FieldCause] {
        var causes: [FieldCause] = []
        if old.isDeleting {
            let added = new.finalizers.filter { !old.finalizers.contains($0) }
            if !added.isEmpty {
                causes.append(
                    .forbidden(
                        "metadata.finalizers",
                        "no new finalizers can be added if the object is being deleted, found new finalizers []string{\(added.map { "\"\($0)\"" }.joined(separator: ", "))}"
                    ))
            }
        }
        guard part == .main else { return causes }
        switch kind {
        case .jobs: causes += JobValidation.changeCauses(old: old, new: new)
        case .pods: causes += podChanges(old: old, new: new)
        case .secrets, .configMaps:
            if old["immutable"]?.bool == true,
                old["data"] != new["data"] || new["immutable"]?.bool != true
            {
                causes.append(.forbidden("data", "field is immutable when `immutable` is set"))
            }
            if kind == .secrets, old["type"] != new["type"] {
                causes.append(.invalid("type", new["type"] ?? nil, "field is immutable"))
            }
        default: break
        }
        return causes
    }

    private static func podChanges(old: JSONValue, new: JSONValue) -> [FieldCause] {
        func frozen(_ pod: JSONValue) -> JSONValue {
            var spec = pod["spec"] ?? [:]
            for name in ["activeDeadlineSeconds", "tolerations", "schedulingGates", "terminationGracePeriodSeconds"] {
                spec.set(nil, name)
            }
            if (old.string("spec", "nodeName") ?? "").isEmpty { spec.set(nil, "nodeName") }
            for list in ["containers", "initContainers"] {
                guard let containers = spec[list]?.array else { continue }
                spec[list] = .array(
                    containers.map {
                        var container = $0
                        container.set(nil, "image")
                        return container
                    })
            }
            return spec
        }
        guard frozen(old) != frozen(new) else { return [] }
        return [
            .forbidden(
                "spec",
                "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
            )
        ]
    }
}
