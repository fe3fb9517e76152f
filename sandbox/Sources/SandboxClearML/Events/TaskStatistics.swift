import JSON

/// What a task remembers of its events: the last iteration, the last value of every scalar, and when each metric
/// last reported.
enum TaskStatistics {
    static func count(_ event: JSONObject, type: String, timestamp: Int64, in task: inout TaskDocument) {
        let metric = event["metric"]?.string ?? ""
        let iteration = event["iter"]?.whole
        if let iteration, iteration > task.fields["last_iteration"]?.integer ?? 0 {
            task.fields["last_iteration"] = .integer(iteration)
        }
        noteReport(of: metric, type: type, timestamp: timestamp, in: &task)
        guard type == "training_stats_scalar", let value = event["value"], let number = value.double else { return }
        noteValue(
            value, number, metric: metric, variant: event["variant"]?.string ?? "",
            iteration: iteration ?? 0, in: &task)
    }

    private static func noteReport(of metric: String, type: String, timestamp: Int64, in task: inout TaskDocument) {
        var statistics = task.fields["metric_stats"] ?? [:]
        let key = MD5.hex(metric)
        var entry = statistics[key] ?? ["metric": .string(metric), "event_stats_by_type": [:]]
        var types = entry["event_stats_by_type"] ?? [:]
        let last = types.at(type, "last_update")?.integer ?? .min
        types[type] = ["last_update": .integer(max(last, timestamp))]
        entry["event_stats_by_type"] = types
        statistics[key] = entry
        task.fields["metric_stats"] = statistics
    }

    private static func noteValue(
        _ value: JSONValue, _ number: Double, metric: String, variant: String, iteration: Int64,
        in task: inout TaskDocument
    ) {
        var metrics = task.fields["last_metrics"] ?? [:]
        let (metricKey, variantKey) = (MD5.hex(metric), MD5.hex(variant))
        var variants = metrics[metricKey] ?? [:]
        var last = variants[variantKey] ?? ["metric": .string(metric), "variant": .string(variant)]
        let count = (last["count"]?.integer ?? 0) + 1
        let mean = ((last["mean_value"]?.double ?? 0) * Double(count - 1) + number) / Double(count)
        last["value"] = value
        last["count"] = .integer(count)
        // Two digits, as the server keeps it.
        last["mean_value"] = .double((mean * 100).rounded() / 100)
        func keep(_ name: String, when isBetter: (Double) -> Bool) {
            if let old = last[name]?.double, !isBetter(old) { return }
            last[name] = value
            last[name + "_iteration"] = .integer(iteration)
        }
        keep("first_value") { _ in false }
        keep("min_value") { number < $0 }
        keep("max_value") { number > $0 }
        variants[variantKey] = last
        metrics[metricKey] = variants
        task.fields["last_metrics"] = metrics
    }
}
