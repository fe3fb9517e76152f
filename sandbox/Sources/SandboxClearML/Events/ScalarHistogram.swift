import JSON
import OS

/// Scalars as curves: for each metric and variant the x and the y values in order.
enum ScalarHistogram {
    /// The iteration under which the SDK reports a value that has none: −2³¹.
    static let noIteration: Int64 = -2_147_483_648

    private static let standardSamples = 2000

    @Sendable static func ofTask(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try store.task(try call.text("task")).id
        return .object(
            try curves(of: id, in: store, call) { name, x, y in ["name": name, "x": .array(x), "y": .array(y)] })
    }

    /// The curves of several tasks: metric → variant → task.
    @Sendable static func ofTasks(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        var all: JSONValue = [:]
        for id in try call.requiredTexts("tasks") {
            let name = JSONValue.string(try store.task(id).name)
            let curves = try curves(of: id, in: store, call) { _, x, y in
                ["name": name, "x": .array(x), "y": .array(y)]
            }
            for (metric, variants) in curves {
                var known = all[metric] ?? [:]
                for (variant, curve) in variants.object ?? JSONObject() {
                    var byTask = known[variant] ?? [:]
                    byTask[id] = curve
                    known[variant] = byTask
                }
                all[metric] = known
            }
        }
        return all
    }

    /// Every sample of one metric, unthinned.
    @Sendable static func raw(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try store.task(try call.text("task")).id
        guard let metric = try call.object("metric"), let name = metric["metric"]?.string else {
            throw .validation("metric", "field is required!")
        }
        let wanted = metric["variants"]?.array?.compactMap(\.string) ?? []
        var variants: [String: (iterations: [JSONValue], values: [JSONValue], stamps: [JSONValue])] = [:]
        let events = store.events[id].metrics
            .filter { $0.key.type == "training_stats_scalar" && $0.key.metric == name }
            .filter { wanted.isEmpty || wanted.contains($0.key.variant) }
            .sorted { $0.key.iteration < $1.key.iteration }
        for (key, event) in events {
            var curve = variants[key.variant] ?? ([], [], [])
            curve.iterations.append(.integer(key.iteration))
            curve.values.append(event["value"] ?? nil)
            curve.stamps.append(event["timestamp"] ?? nil)
            variants[key.variant] = curve
        }
        var shown = JSONObject()
        for (variant, curve) in variants.sorted(by: { $0.key < $1.key }) {
            shown[variant] = [
                "iter": .array(curve.iterations), "y": .array(curve.values), "timestamp": .array(curve.stamps),
            ]
        }
        let count = JSONValue.integer(Int64(events.count))
        return ["variants": .object(shown), "total": count, "returned": count, "scroll_id": ""]
    }

    private static func curves(
        of task: String, in store: Store, _ call: Call, _ shown: (JSONValue, [JSONValue], [JSONValue]) -> JSONValue
    ) throws(APIError) -> JSONObject {
        let samples = max(1, try call.integer("samples") ?? standardSamples)
        let axis = try call.optionalText("key") ?? "iter"
        var groups: [String: [String: [(iteration: Int64, event: JSONValue)]]] = [:]
        for (key, event) in store.events[task].metrics
        where key.type == "training_stats_scalar" && key.iteration != noIteration {
            groups[key.metric, default: [:]][key.variant, default: []].append((key.iteration, event))
        }
        var metrics = JSONObject()
        for (metric, variants) in groups.sorted(by: { $0.key < $1.key }) {
            var curves = JSONObject()
            for (variant, points) in variants.sorted(by: { $0.key < $1.key }) {
                let sorted = points.sorted { $0.iteration < $1.iteration }
                let step = (sorted.count + samples - 1) / samples
                let chosen = stride(from: 0, to: sorted.count, by: max(1, step)).map { sorted[$0] }
                let x = chosen.map { point -> JSONValue in
                    let stamp = point.event["timestamp"]?.integer ?? 0
                    return switch axis {
                    case "timestamp": .integer(stamp)
                    case "iso_time": .string(Timestamp(milliseconds: stamp).iso(fraction: 3, zone: "Z"))
                    default: .integer(point.iteration)
                    }
                }
                curves[variant] = shown(.string(variant), x, chosen.map { $0.event["value"] ?? nil })
            }
            metrics[metric] = .object(curves)
        }
        return metrics
    }
}
