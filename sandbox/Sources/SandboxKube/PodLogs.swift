import HTTP
import JSON

/// What a client wants of a log.
public struct PodLogOptions: Sendable, Equatable {
    /// Go on as lines come, until the container ends.
    public var follow = false
    /// Of the container before this one.
    public var previous = false
    /// Put a stamp before each line.
    public var timestamps = false
    /// Only the last lines.
    public var tailLines: Int?
    /// Only so many bytes.
    public var limitBytes: Int?
    /// Only lines of the last seconds.
    public var sinceSeconds: Int?
    /// Only lines since then, RFC 3339.
    public var sinceTime: String?

    /// Everything there is.
    public init() {}
}

/// What a log comes to.
public enum PodLogReply: Sendable {
    /// The bytes as they come.
    case stream(AsyncThrowingStream<[UInt8], any Error>)
    /// There is none, and why.
    case refused(KubeRefusal)
}

/// Gives the log of (namespace, pod, container).
public typealias PodLogSource =
    @Sendable (_ namespace: String, _ pod: String, _ container: String, _ options: PodLogOptions) async -> PodLogReply

extension KubeSandbox {
    func podLog(_ request: ResourceRequest) async throws(KubeRefusal) -> KubeReply {
        let key = request.key
        let pod = try withState { state throws(KubeRefusal) in try state.existing(key) }
        let container = try Self.logContainer(of: pod, wanted: request.target["container"])
        var options = PodLogOptions()
        options.follow = request.target.isSet("follow")
        options.previous = request.target.isSet("previous")
        options.timestamps = request.target.isSet("timestamps")
        options.tailLines = try request.target.integer("tailLines")
        options.limitBytes = try request.target.integer("limitBytes")
        options.sinceSeconds = try request.target.integer("sinceSeconds")
        options.sinceTime = request.target["sinceTime"]
        guard let podLogs else {
            throw KubeRefusal(
                code: 500, reason: "InternalError",
                message: "no kubelet serves the logs of node \"\(pod.string("spec", "nodeName") ?? "")\"")
        }
        switch await podLogs(key.namespace, key.name, container, options) {
        case .refused(let refusal): throw refusal
        case .stream(let chunks):
            return .stream(HTTPStream(status: 200, headers: ["Content-Type": "text/plain"], chunks: chunks))
        }
    }

    /// Which container is meant, and whether it can have a log.
    private static func logContainer(of pod: JSONValue, wanted: String?) throws(KubeRefusal) -> String {
        let main = pod.list("spec", "containers").compactMap { $0["name"]?.string }
        let initial = pod.list("spec", "initContainers").compactMap { $0["name"]?.string }
        var name = wanted ?? pod.string("metadata", "annotations", "kubectl.kubernetes.io/default-container") ?? ""
        if name.isEmpty {
            guard main.count == 1, let only = main.first else {
                throw .badRequest(
                    "a container name must be specified for pod \(pod.name), choose one of: [\(main.joined(separator: " "))]"
                        + (initial.isEmpty ? "" : " or one of the init containers: [\(initial.joined(separator: " "))]")
                )
            }
            name = only
        }
        guard main.contains(name) || initial.contains(name) else {
            throw .badRequest("container \(name) is not valid for pod \(pod.name)")
        }
        if (pod.string("spec", "nodeName") ?? "").isEmpty {
            throw .badRequest("pod \(pod.name) does not have a host assigned")
        }
        let statuses = pod.list("status", "containerStatuses") + pod.list("status", "initContainerStatuses")
        let state = statuses.first { $0["name"]?.string == name }?["state"]
        if let reason = state?.string("waiting", "reason") {
            let isPulling = ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"]
            throw .badRequest(
                isPulling.contains(reason)
                    ? "container \"\(name)\" in pod \"\(pod.name)\" is waiting to start: trying and failing to pull image"
                    : "container \"\(name)\" in pod \"\(pod.name)\" is waiting to start: \(reason)")
        }
        return name
    }
}
