internal import JSON

/// What to do with a pod that stands on no node.
enum SchedulingVerdict: Sendable, Equatable {
    /// It is for another scheduler, or on its way out.
    case leave
    /// Its scheduling gates are closed.
    case gated
    /// Put it on the node.
    case bind
    /// It cannot run now, and this is why.
    case unschedulable(String)
}

/// The scheduler of a cluster of one node.
struct Scheduling: Sendable {
    let nodeName: String
    let labels: [String: String]
    let capacity: [String: String]

    /// What stands on the node already.
    struct Load: Sendable, Equatable {
        var pods = 0
        var requests: [String: Double] = [:]

        /// Counts one more pod.
        mutating func add(_ pod: JSONValue) {
            pods += 1
            requests.merge(Scheduling.requests(of: pod)) { $0 + $1 }
        }
    }

    /// Decides about `pod`, beside what stands on the node.
    func verdict(on pod: JSONValue, beside load: Load, claims: Set<String>) -> SchedulingVerdict {
        guard pod.nodeName == nil, !pod.isDeleting, !pod.isTerminal else { return .leave }
        if let scheduler = pod.at("spec", "schedulerName")?.string, scheduler != "default-scheduler" { return .leave }
        if let gates = pod.at("spec", "schedulingGates")?.array, !gates.isEmpty { return .gated }
        for volume in pod.at("spec", "volumes")?.array ?? [] {
            guard let claim = volume.at("persistentVolumeClaim", "claimName")?.string else { continue }
            if !claims.contains("\(pod.podNamespace)/\(claim)") {
                return refused("persistentvolumeclaim \"\(claim)\" not found", preemption: false)
            }
        }
        for (key, value) in pod.at("spec", "nodeSelector")?.object ?? [:] where labels[key] != value.string {
            return refused("1 node(s) didn't match Pod's node affinity/selector")
        }
        let lacking = lacking(pod, load)
        return lacking.isEmpty ? .bind : refused(lacking.map { "1 \($0)" }.joined(separator: ", "))
    }

    private func refused(_ why: String, preemption: Bool = true) -> SchedulingVerdict {
        let start = "0/1 nodes are available: \(why)."
        return .unschedulable(
            preemption
                ? start
                    + " no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
                : start)
    }

    private func lacking(_ pod: JSONValue, _ load: Load) -> [String] {
        var problems: [String] = []
        for (resource, amount) in Self.requests(of: pod).sorted(by: { $0.key < $1.key }) {
            let has = capacity[resource].flatMap { Quantity($0) }?.value ?? 0
            if (load.requests[resource] ?? 0) + amount > has { problems.append("Insufficient \(resource)") }
        }
        let places = capacity["pods"].flatMap { Quantity($0) }?.value ?? .infinity
        if Double(load.pods) + 1 > places { problems.append("Too many pods") }
        return problems
    }

    /// What a pod asks for: the sum of its containers, or its largest init container where that is more.
    static func requests(of pod: JSONValue) -> [String: Double] {
        func asked(_ container: JSONValue) -> [String: Double] {
            var result: [String: Double] = [:]
            for part in ["limits", "requests"] {  // a request is the limit unless it is stated
                for (name, value) in container.at("resources", part)?.object ?? [:] {
                    let text = value.string ?? value.integer.map(String.init) ?? ""
                    if let quantity = Quantity(text) { result[name] = quantity.value }
                }
            }
            return result
        }
        var sum: [String: Double] = [:]
        for container in pod.containers { sum.merge(asked(container)) { $0 + $1 } }
        for container in pod.initContainers { sum.merge(asked(container)) { max($0, $1) } }
        return sum
    }
}
