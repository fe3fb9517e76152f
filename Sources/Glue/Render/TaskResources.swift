import ClearMLClient
import JSON

/// What a task asks for in its hyperparameter section `Kubernetes`, applied to a container's `resources`.
struct TaskResources {
    static let section = "Kubernetes"
    static let keys = ["gpus", "gpu-resource", "cpu", "memory"]

    private(set) var problems: [RenderProblem] = []
    private(set) var warnings: [String] = []

    /// `resources` with the wishes of `task` in it.
    mutating func apply(_ task: TaskRecord, to resources: JSONValue) -> JSONValue {
        var resources = resources
        var wishes: [String: String] = [:]
        for (name, value) in task.hyperparameters(section: Self.section) {
            guard Self.keys.contains(name) else {
                warnings.append(
                    "hyperparameter `\(Self.section)/\(name.prefix(64))` is not applied: "
                        + suggestion(for: name, among: Self.keys))
                continue
            }
            let trimmed = value.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            if !trimmed.isEmpty { wishes[name] = trimmed }
        }
        for name in ["cpu", "memory"] {
            guard let amount = wishes[name] else { continue }
            guard let value = Quantity.value(amount), value > 0 else {
                report(name, "`\(amount.prefix(64))` is no quantity, as `4`, `500m` or `16Gi`")
                continue
            }
            set(name, amount, in: "requests", of: &resources)
            // A limit on CPU slows down what could run faster: it stays out unless the template has one.
            if name == "memory" || resources.at("limits", name) != nil {
                set(name, amount, in: "limits", of: &resources)
            }
        }
        devices(wishes, &resources)
        return resources
    }

    private mutating func devices(_ wishes: [String: String], _ resources: inout JSONValue) {
        let present = gpuResources(in: resources)
        guard wishes["gpus"] != nil || wishes["gpu-resource"] != nil else { return }
        var count = resources.at("limits", present.first ?? "")?.string ?? "1"
        if let gpus = wishes["gpus"] {
            guard let number = Int(gpus), (0...1024).contains(number) else {
                return report("gpus", "`\(gpus.prefix(64))` is no whole number from 0 to 1024")
            }
            count = String(number)
        }
        if let name = wishes["gpu-resource"], !Names.isExtendedResource(name) {
            return report("gpu-resource", "`\(name.prefix(80))` is no device's resource, as `nvidia.com/gpu`")
        }
        if wishes["gpu-resource"] == nil, present.count > 1, count != "0" {
            return report(
                "gpus",
                "the template has several kinds (\(present.joined(separator: ", "))): name one in `gpu-resource`")
        }
        let name = wishes["gpu-resource"] ?? present.first ?? "nvidia.com/gpu"
        for group in ["limits", "requests"] {
            for old in present { set(old, nil, in: group, of: &resources) }
            if count != "0" { set(name, count, in: group, of: &resources) }
        }
    }

    /// The devices in `resources` that are GPUs, by their names.
    private func gpuResources(in resources: JSONValue) -> [String] {
        var names: [String] = []
        for group in ["limits", "requests"] {
            for name in resources[group]?.object?.keys ?? [] where name.contains("/") && !names.contains(name) {
                if name.contains("gpu") || name.contains("/mig-") { names.append(name) }
            }
        }
        return names
    }

    private func set(_ name: String, _ amount: String?, in group: String, of resources: inout JSONValue) {
        var amounts = resources[group] ?? [:]
        amounts[name] = amount.map(JSONValue.string)
        resources[group] = amounts.nonEmpty
    }

    private mutating func report(_ name: String, _ message: String) {
        problems.append(RenderProblem(path: "hyperparameter \(Self.section)/\(name)", message: message))
    }

    /// Requests and limits of every device made the same, as the API server demands.
    static func balanced(_ resources: JSONValue) -> JSONValue {
        var resources = resources
        for (from, to) in [("limits", "requests"), ("requests", "limits")] {
            for (name, amount) in resources[from]?.object ?? [:] where name.contains("/") {
                var group = resources[to] ?? [:]
                group[name] = amount
                resources[to] = group
            }
        }
        return resources
    }
}
