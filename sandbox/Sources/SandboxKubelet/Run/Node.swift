internal import JSON
internal import OS

/// What the pods of one node have in common.
struct Node: Sendable {
    let configuration: KubeletConfiguration
    let api: KubeletAPI
    let events: EventRecorder
    /// `nil`: memory limits are not enforced on this machine.
    let cgroups: MemoryCgroups?
    /// The id of the one image: this machine's root filesystem.
    let imageID: String

    /// Where a pod's volumes, logs and private folders are.
    func folder(of pod: JSONValue) -> String { "\(configuration.stateFolder)/pods/\(pod.podUID)" }

    /// The wait before the attempt after `failures` failed ones: the first of `backoff`, doubled, five minutes at most.
    func backoff(_ failures: Int) -> Duration {
        min(configuration.backoff * (1 << min(max(failures - 1, 0), 10)), .seconds(300))
    }
}
