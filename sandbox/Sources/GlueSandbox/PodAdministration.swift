import HTTP
import JSON
import SandboxKubelet

/// Mishaps on demand, on the Kubernetes port: `POST /_sandbox/pods/NAMESPACE/NAME/evict` and `…/lose`.
struct PodAdministration: Sendable {
    let kubelet: Kubelet

    private static let start = "/_sandbox/pods/"

    /// Does what is asked; `nil`: the request is for the API.
    func respond(to request: HTTPRequest) -> HTTPResponse? {
        guard request.url.hasPrefix(Self.start) else { return nil }
        let parts = request.url.dropFirst(Self.start.count).split(separator: "/").map(String.init)
        guard request.method == .post, parts.count == 3 else {
            return reply(404, "POST /_sandbox/pods/NAMESPACE/NAME/evict or …/lose")
        }
        let body = request.body.flatMap { try? JSONValue(parsing: $0) }
        let isDone: Bool
        switch parts[2] {
        case "evict":
            let message =
                body?["message"]?.string
                ?? "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. "
            isDone = kubelet.evict(namespace: parts[0], name: parts[1], message: message)
        case "lose": isDone = kubelet.lose(namespace: parts[0], name: parts[1])
        default: return reply(404, "unknown mishap `\(parts[2])`, known are evict and lose")
        }
        return isDone ? reply(200, "done") : reply(404, "no pod \(parts[0])/\(parts[1]) runs here")
    }

    private func reply(_ status: Int, _ message: String) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: ["Content-Type": "application/json"],
            body: JSONValue(dictionaryLiteral: ("message", .string(message))).bytes)
    }
}
