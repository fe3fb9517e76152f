import HTTP
import OS
import SandboxKube

/// A token that may do everything but one thing: for showing what a client says when it is not allowed something.
struct RestrictedToken: Sendable {
    let verb: String
    let resource: String
    let token = Secret(randomHex(bytes: 24))

    /// Reads `create:jobs`.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        (verb, resource) = (parts[0], parts[1])
    }

    /// The kubeconfig with this token, in the state folder.
    var fileName: String {
        "kubeconfig-without-\(verb)-" + String(resource.map { $0 == "/" ? "-" : $0 })
    }

    /// What the cluster is told about it.
    var identity: KubeIdentity {
        KubeIdentity(
            user: "sandbox-without-\(verb)-\(resource)", rules: [.everything],
            exceptions: [KubeRule(verbs: [verb], resources: [resource])])
    }
}
