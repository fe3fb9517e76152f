public import OS

/// A host folder or file that every pod sees.
public struct HostBind: Sendable, Equatable {
    /// Where the pod sees it.
    public var mountPath: String
    /// What it is on the host.
    public var hostPath: String
    /// Whether pods may write to it.
    public var isWritable: Bool

    /// A bind with the given parts.
    public init(mountPath: String, hostPath: String, isWritable: Bool = false) {
        self.mountPath = mountPath
        self.hostPath = hostPath
        self.isWritable = isWritable
    }

    /// Reads `MOUNTPATH=HOSTPATH`, with `:rw` at the end for a writable one; `nil` unless both are absolute.
    public init?(_ text: String) {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        var host = String(text[text.index(after: equals)...])
        isWritable = host.hasSuffix(":rw")
        if isWritable { host.removeLast(3) }
        mountPath = String(text[..<equals])
        hostPath = host
        guard mountPath.hasPrefix("/"), hostPath.hasPrefix("/") else { return nil }
    }
}

/// What the kubelet is made of.
public struct KubeletConfiguration: Sendable {
    /// The node's name.
    public var nodeName = "sandbox"
    /// Where pods, logs and claims are kept. Hidden from the pods.
    public var stateFolder: String
    /// Host folders every pod sees.
    public var binds: [HostBind] = []
    /// What the node has: `cpu`, `memory`, `pods`, `nvidia.com/gpu` …
    public var capacity: [String: String] = ["cpu": "8", "memory": "16Gi", "pods": "110"]
    /// The node's labels beyond the usual.
    public var labels: [String: String] = [:]
    /// The bubblewrap binary.
    public var bubblewrap: String
    /// The home of the user that runs the sandbox: private and empty in every container.
    public var home = "/root"
    /// The first wait before a container is started again, or an image pulled again; doubles up to five minutes.
    public var backoff = Duration.seconds(10)
    /// How often something that is missing (a secret, a config map) is looked for again.
    public var retryInterval = Duration.seconds(2)
    /// Wall time, for stamps.
    public var now: @Sendable () -> Timestamp = Timestamp.now

    /// A configuration with these folders.
    public init(stateFolder: String, bubblewrap: String) {
        self.stateFolder = stateFolder
        self.bubblewrap = bubblewrap
    }
}
