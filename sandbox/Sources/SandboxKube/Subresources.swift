import HTTP
import JSON

extension KubeSandbox {
    /// `pods/eviction`: marks the pod as disrupted and deletes it.
    func evict(_ request: ResourceRequest) throws(KubeRefusal) -> HTTPResponse {
        let body = try RequestBody.json(request.http)
        guard body.string("kind") == "Eviction" else {
            throw .badRequest("the body of an eviction is an Eviction of policy/v1")
        }
        var options = try Self.deleteOptions(body["deleteOptions"] ?? [:])
        if try writeOptions(request).isDryRun { options.isDryRun = true }
        let key = request.key
        let final = options
        try withState { state throws(KubeRefusal) in
            let pod = try state.existing(key)
            if !pod.isTerminalPod { try state.checkBudgets(pod) }
            if !pod.isTerminalPod, !final.isDryRun {
                let stamp = state.stamp
                _ = try state.update(key, part: .status) { pod throws(KubeRefusal) in
                    var pod = pod
                    pod.setCondition([
                        "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
                        "message": "Eviction API: evicting", "lastProbeTime": nil, "lastTransitionTime": stamp,
                    ])
                    return pod
                }
            }
            _ = try state.delete(key, final)
        }
        return Self.success(status: 201)
    }

    /// `pods/binding`: puts the pod on a node.
    func bind(_ request: ResourceRequest) throws(KubeRefusal) -> HTTPResponse {
        let body = try RequestBody.json(request.http)
        guard let node = body.string("target", "name"), !node.isEmpty else {
            throw .invalid(request.kind, request.name, [.required("target.name")])
        }
        try bindPod(namespace: request.namespace, name: request.name, node: node)
        return Self.success(status: 201)
    }

    /// `namespaces/finalize`: replaces `spec.finalizers`.
    func finalize(_ request: ResourceRequest) throws(KubeRefusal) -> HTTPResponse {
        let (object, warnings) = try readObject(request)
        let key = request.key
        return try written(request, status: 200, warnings: warnings) { state throws(KubeRefusal) in
            try state.update(key) { old throws(KubeRefusal) in
                var new = old
                new.set(object.at("spec", "finalizers"), "spec", "finalizers")
                return new
            }
        }
    }

    static func success(status: Int) -> HTTPResponse {
        Response.json(
            [
                "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success",
                "code": .integer(Int64(status)),
            ], status: status)
    }

    /// The reviews, which are answered and not stored: what may I do, who am I.
    func review(
        _ request: HTTPRequest, _ target: RequestTarget, _ identity: KubeIdentity
    ) throws(KubeRefusal) -> HTTPResponse? {
        switch target.path {
        case "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews":
            guard request.method == .post else { throw .pageNotFound }
            var review = try RequestBody.json(request)
            let isAllowed: Bool
            if let wanted = review.at("spec", "resourceAttributes") {
                let subresource = wanted.string("subresource") ?? ""
                isAllowed = try withState { state throws(KubeRefusal) in
                    state.allows(
                        identity, verb: wanted.string("verb") ?? "", group: wanted.string("group") ?? "",
                        resource: (wanted.string("resource") ?? "") + (subresource.isEmpty ? "" : "/\(subresource)"),
                        namespace: wanted.string("namespace") ?? "", name: wanted.string("name") ?? "")
                }
            } else {
                isAllowed = review.string("spec", "nonResourceAttributes", "verb") == "get"
            }
            review["status"] =
                isAllowed ? ["allowed": true, "reason": "allowed by the sandbox's rules"] : ["allowed": false]
            return Response.json(review, status: 201)
        case "/apis/authentication.k8s.io/v1/selfsubjectreviews":
            guard request.method == .post else { throw .pageNotFound }
            return Response.json(
                [
                    "kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "metadata": [:],
                    "status": [
                        "userInfo": [
                            "username": .string(identity.user),
                            "groups": .array(identity.groups.map(JSONValue.string)),
                        ]
                    ],
                ], status: 201)
        default: return nil
        }
    }
}

extension ClusterState {
    /// Refuses an eviction that a disruption budget stands against.
    fileprivate func checkBudgets(_ pod: JSONValue) throws(KubeRefusal) {
        for budget in store.list(.podDisruptionBudgets, namespace: pod.namespace) {
            guard let allowed = budget.int("status", "disruptionsAllowed"), allowed < 1 else { continue }
            let labels = budget.at("spec", "selector", "matchLabels")?.object ?? [:]
            guard labels.allSatisfy({ pod.labels[$0.key] == $0.value }) else { continue }
            throw KubeRefusal(
                code: 429, reason: "TooManyRequests",
                message: "Cannot evict pod as it would violate the pod's disruption budget.",
                details: [
                    "causes": [
                        [
                            "reason": "DisruptionBudget",
                            "message": .string(
                                "The disruption budget \(budget.name) does not allow another disruption"),
                        ]
                    ]
                ], retryAfter: 10)
        }
    }
}
