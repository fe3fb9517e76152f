import Handoff
import TLS

/// Who this glue is: everything it lists, counts, recovers and cleans up carries `hash`, and it looks at nothing else.
struct Instance: Sendable, Equatable {
    /// The uid of the namespace kube-system, which is the cluster's.
    var clusterUID: String
    var namespace: String
    var release: String

    /// `cluster uid / namespace / release`.
    var name: String { "\(clusterUID)/\(namespace)/\(release)" }
    /// 16 hex digits of the name's SHA-256; a label value.
    var hash: String { String(Digest.sha256Hex(name).prefix(16)) }
}

/// One enqueue of a task: the same task enqueued again is another one, and meets none of the old one's Jobs.
struct Enqueue: Sendable, Hashable {
    /// The queue's id.
    var queue: String
    /// The entry's `added`, as the server wrote it.
    var added: String

    /// 6 hex digits, part of the Job's name.
    var hash: String { String(Digest.sha256Hex("\(queue) \(added)").prefix(6)) }
}
