import JSON

/// The rules of `spec.podFailurePolicy`, applied to a failed pod: the first that fits decides.
struct PodFailurePolicy {
    enum Outcome: Equatable {
        /// It counts against the backoff limit.
        case counts
        /// It does not count.
        case ignored
        /// The Job fails at once, with this sentence.
        case failsJob(String)
    }

    private let rules: [JSONValue]

    init(_ job: JSONValue) { rules = job.list("spec", "podFailurePolicy", "rules") }

    func outcome(of pod: JSONValue) -> Outcome {
        for (index, rule) in rules.enumerated() {
            guard let match = match(rule, pod) else { continue }
            switch rule.string("action") {
            case "FailJob": return .failsJob("\(match) matching FailJob rule at index \(index)")
            case "Ignore": return .ignored
            default: return .counts
            }
        }
        return .counts
    }

    private func match(_ rule: JSONValue, _ pod: JSONValue) -> String? {
        if let codes = rule["onExitCodes"], codes.object != nil {
            let values = codes.list("values").compactMap(\.int)
            let statuses = pod.list("status", "initContainerStatuses") + pod.list("status", "containerStatuses")
            for status in statuses {
                guard let code = status.int("state", "terminated", "exitCode"), code != 0,
                    codes.string("containerName").map({ $0 == status.string("name") }) ?? true
                else { continue }
                if values.contains(code) == (codes.string("operator") == "In") {
                    return
                        "Container \(status.string("name") ?? "") for pod \(pod.namespace)/\(pod.name) failed with exit code \(code)"
                }
            }
            return nil
        }
        for pattern in rule.list("onPodConditions") {
            let type = pattern.string("type") ?? ""
            if pod.condition(type)?.string("status") == pattern.string("status") ?? "True" {
                return "Pod \(pod.namespace)/\(pod.name) has condition \(type)"
            }
        }
        return nil
    }
}
