import HTTP
import JSON
import OS

/// A token that was issued for a service account.
struct ServiceAccountToken: Sendable {
    let namespace: String
    let name: String
    /// Of the account: a new one of the same name is another.
    let uid: String
    let end: Timestamp

    var identity: KubeIdentity {
        KubeIdentity(
            user: "system:serviceaccount:\(namespace):\(name)",
            groups: ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated"],
            rules: [])
    }
}

extension ClusterState {
    /// How many tokens may be valid at once.
    private static var tokenLimit: Int { 1000 }

    /// Whose token this is, while it is valid and its account is there.
    func identity(token: String) -> KubeIdentity? {
        if let known = configuration.tokens[token] { return known }
        guard let issued = issuedTokens[token], now < issued.end, store.has(uid: issued.uid) else { return nil }
        return issued.identity
    }

    mutating func issueToken(_ key: ObjectKey, seconds: Int) throws(KubeRefusal) -> (token: String, end: Timestamp) {
        let account = try existing(key)
        let moment = now
        issuedTokens = issuedTokens.filter { $0.value.end > moment }
        guard issuedTokens.count < Self.tokenLimit else {
            throw KubeRefusal(
                code: 429, reason: "TooManyRequests",
                message: "\(Self.tokenLimit) tokens of service accounts are valid: wait until some have ended",
                retryAfter: 60)
        }
        let token = "sandbox-" + randomHex(bytes: 24)
        let end = moment + .seconds(seconds)
        issuedTokens[token] = ServiceAccountToken(
            namespace: key.namespace, name: key.name, uid: account.uid, end: end)
        return (token, end)
    }
}

extension KubeSandbox {
    /// `serviceaccounts/token`: a bearer token that is who the account is.
    func issueToken(_ request: ResourceRequest) throws(KubeRefusal) -> HTTPResponse {
        var review = try RequestBody.json(request.http)
        let seconds = review.int("spec", "expirationSeconds") ?? 3600
        guard (600...4_294_967_296).contains(seconds) else {
            throw KubeRefusal.invalid(
                request.kind, request.name,
                [
                    .invalid(
                        "spec.expirationSeconds", .integer(Int64(seconds)),
                        "may not specify a duration less than 10 minutes")
                ])
        }
        let key = request.key
        let (token, end) = try withState { state throws(KubeRefusal) in try state.issueToken(key, seconds: seconds) }
        review.set(.integer(Int64(seconds)), "spec", "expirationSeconds")
        review["status"] = [
            "token": .string(token), "expirationTimestamp": .string(end.iso(fraction: 0, zone: "Z")),
        ]
        return Response.json(review, status: 201)
    }
}
