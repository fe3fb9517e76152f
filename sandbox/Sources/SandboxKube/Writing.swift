import HTTP
import JSON

/// What a write came to, with the warnings that go with it.
private struct Written: Sendable {
    var object: JSONValue
    var warnings: [String]
}

extension KubeSandbox {
    func create(_ request: ResourceRequest) throws(KubeRefusal) -> HTTPResponse {
        let (object, warnings) = try readObject(request)
        let options = try writeOptions(request)
        return try written(request, status: 201, warnings: warnings) { state throws(KubeRefusal) in
            try state.create(request.kind.stored, namespace: request.key.namespace, object, options: options)
        }
    }

    func change(_ request: ResourceRequest, _ part: ObjectPart) throws(KubeRefusal) -> HTTPResponse {
        let options = try writeOptions(request)
        if request.http.method == .patch {
            let patch = try ObjectPatch(request)
            let isStrict = request.target["fieldValidation"] == "Strict"
            let ignores = request.target["fieldValidation"] == "Ignore"
            return try written(request, status: 200, warnings: []) { state throws(KubeRefusal) in
                var more: [String] = []
                let object = try state.update(request.key, part: part, options: options) {
                    old throws(KubeRefusal) in
                    var wanted = try patch.apply(to: EventForm.shown(old, as: request.kind))
                    // The stored version is a precondition only when the patch itself names one.
                    if wanted.resourceVersion == old.resourceVersion, !patch.namesVersion {
                        wanted.set(nil, "metadata", "resourceVersion")
                        if request.kind == .leases {
                            wanted.set(.string(old.resourceVersion), "metadata", "resourceVersion")
                        }
                    }
                    more = try Self.check(wanted, request.kind, isStrict: isStrict, ignores: ignores)
                    return EventForm.stored(wanted, from: request.kind)
                }
                state.warnings += more
                return object
            }
        }
        let (object, warnings) = try readObject(request)
        return try written(request, status: 200, warnings: warnings) { state throws(KubeRefusal) in
            try state.update(request.key, part: part, options: options) { _ throws(KubeRefusal) in object }
        }
    }

    func delete(_ request: ResourceRequest) throws(KubeRefusal) -> HTTPResponse {
        let options = try deleteOptions(request)
        let key = request.key
        let (object, isGone, warnings) = try withState {
            state throws(KubeRefusal) -> (JSONValue, Bool, [String]) in
            state.warnings = []
            let (object, isGone) = try state.delete(key, options)
            return (object, isGone, state.warnings)
        }
        if !isGone || request.kind == .pods {
            return Response.json(EventForm.shown(object, as: request.kind), warnings: warnings)
        }
        var details: JSONValue = ["name": .string(object.name)]
        if !request.kind.group.isEmpty { details["group"] = .string(request.kind.group) }
        details["kind"] = .string(request.kind.plural)
        details["uid"] = .string(object.uid)
        return Response.json(
            ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details],
            warnings: warnings)
    }

    func deleteCollection(_ request: ResourceRequest) throws(KubeRefusal) -> HTTPResponse {
        if request.kind == .namespaces { throw .methodNotAllowed(request.kind) }
        let options = try deleteOptions(request)
        let scope = try scope(of: request)
        let written = try withState { state throws(KubeRefusal) -> Written in
            state.warnings = []
            let objects = state.store.list(scope.kind, namespace: scope.namespace).filter(scope.matches)
            for object in objects {
                let key = ObjectKey(kind: scope.kind, namespace: object.namespace, name: object.name)
                // One may have gone with another that owned it.
                if state.store[key] != nil { try state.delete(key, options) }
            }
            return Written(object: .array(objects.map(Self.asItem)), warnings: state.warnings)
        }
        return Response.json(
            [
                "kind": .string(request.kind.kind + "List"), "apiVersion": .string(request.kind.apiVersion),
                "metadata": [:], "items": written.object,
            ], warnings: written.warnings)
    }

    /// Runs one write and shows what it made.
    func written(
        _ request: ResourceRequest, status: Int, warnings: [String],
        _ body: (inout ClusterState) throws(KubeRefusal) -> JSONValue
    ) throws(KubeRefusal) -> HTTPResponse {
        let written = try withState { state throws(KubeRefusal) -> Written in
            state.warnings = []
            let object = try body(&state)
            return Written(object: object, warnings: state.warnings)
        }
        return Response.json(
            EventForm.shown(written.object, as: request.kind), status: status, warnings: warnings + written.warnings)
    }

    func writeOptions(_ request: ResourceRequest) throws(KubeRefusal) -> WriteOptions {
        WriteOptions(isDryRun: try isDryRun(request.target.query["dryRun"] ?? []))
    }

    private func isDryRun(_ values: [String]) throws(KubeRefusal) -> Bool {
        guard let value = values.first(where: { !$0.isEmpty }) else { return false }
        guard value == "All" else {
            throw KubeRefusal(
                code: 422, reason: "Invalid",
                message: "dryRun: Unsupported value: \"\(value)\": supported values: \"All\"",
                details: ["causes": [["reason": "FieldValueNotSupported", "field": "dryRun"]]])
        }
        return true
    }

    private func deleteOptions(_ request: ResourceRequest) throws(KubeRefusal) -> DeleteOptions {
        var options = DeleteOptions()
        if let body = request.http.body, !body.isEmpty {
            let value = try RequestBody.json(request.http)
            options = try Self.deleteOptions(value)
        }
        if let grace = try request.target.integer("gracePeriodSeconds") { options.grace = grace }
        if let policy = request.target["propagationPolicy"] {
            options.propagation = try Self.propagation(policy)
        }
        if try isDryRun(request.target.query["dryRun"] ?? []) { options.isDryRun = true }
        return options
    }

    static func deleteOptions(_ value: JSONValue) throws(KubeRefusal) -> DeleteOptions {
        var options = DeleteOptions()
        options.uid = value.string("preconditions", "uid")
        options.resourceVersion = value.string("preconditions", "resourceVersion")
        options.grace = value.int("gracePeriodSeconds")
        options.isDryRun = value.list("dryRun").contains("All")
        if let policy = value.string("propagationPolicy") { options.propagation = try propagation(policy) }
        if let orphan = value.bool("orphanDependents") { options.propagation = orphan ? .orphan : .background }
        return options
    }

    private static func propagation(_ text: String) throws(KubeRefusal) -> DeleteOptions.Propagation {
        guard let policy = DeleteOptions.Propagation(rawValue: text) else {
            throw KubeRefusal(
                code: 422, reason: "Invalid",
                message:
                    "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"\(text)\": supported values: \"Foreground\", \"Background\", \"Orphan\"",
                details: ["kind": "DeleteOptions", "group": "meta.k8s.io"])
        }
        return policy
    }
}
