import JSON
import OS

/// `events.get…`: the console, the scalars, and events as they were sent.
enum EventReading {
    static let endpoints: [String: Endpoint] = [
        "events.get_task_log": Endpoint("1.5", getTaskLog),
        "events.get_task_events": Endpoint(getTaskEvents),
        "events.get_scalar_metric_data": Endpoint(getScalarMetricData),
        "events.get_task_plots": Endpoint(getTaskPlots),
        "events.get_scalar_metrics_and_variants": Endpoint(getScalarMetricsAndVariants),
        "events.get_task_metrics": Endpoint("2.7", getTaskMetrics),
        "events.get_task_latest_scalar_values": Endpoint(getLatestScalarValues),
        "events.get_task_single_value_metrics": Endpoint("2.20", getSingleValueMetrics),
        "events.scalar_metrics_iter_histogram": Endpoint(ScalarHistogram.ofTask),
        "events.multi_task_scalar_metrics_iter_histogram": Endpoint(ScalarHistogram.ofTasks),
        "events.scalar_metrics_iter_raw": Endpoint("2.16", ScalarHistogram.raw),
    ]

    /// A page of the console: newest first going back from `from_timestamp`, or oldest first going on from it. The
    /// page is stretched so that no timestamp is cut in two.
    @Sendable static func getTaskLog(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("task")
        let size = max(1, try call.integer("batch_size") ?? 5000)
        let earlier = try call.flag("navigate_earlier", default: true)
        let from = try call.integer("from_timestamp").map(Int64.init)
        let order = try call.optionalText("order")
        _ = try store.task(id)
        let all = store.events[id].log
        var page: [(timestamp: Int64, event: JSONValue)] = []
        if earlier {
            let candidates = from.map { from in all.prefix { $0.timestamp < from } } ?? all[...]
            var start = max(candidates.startIndex, candidates.endIndex - size)
            while start > candidates.startIndex, candidates[start - 1].timestamp == candidates[start].timestamp {
                start -= 1
            }
            page = candidates[start...].reversed()
        } else {
            let candidates = from.map { from in all.drop { $0.timestamp <= from } } ?? all[...]
            var end = min(candidates.endIndex, candidates.startIndex + size)
            while end > candidates.startIndex, end < candidates.endIndex,
                candidates[end].timestamp == candidates[end - 1].timestamp
            {
                end += 1
            }
            page = Array(candidates[..<end])
        }
        if (earlier && order == "asc") || (!earlier && order == "desc") { page.reverse() }
        return [
            "events": .array(page.map(\.event)), "returned": .integer(Int64(page.count)),
            "total": .integer(Int64(all.count)),
        ]
    }

    /// The metric events of `task` of one type (or of all), by iteration.
    private static func metrics(of task: String, type: String?, metric: String? = nil, in store: Store) -> [JSONValue] {
        store.events[task].metrics
            .filter { (type == nil || $0.key.type == type) && (metric == nil || $0.key.metric == metric) }
            .sorted {
                ($0.key.iteration, $0.key.metric, $0.key.variant) < ($1.key.iteration, $1.key.metric, $1.key.variant)
            }
            .map(\.value)
    }

    /// One page of `events`; the scroll id is the place of the next.
    private static func page(_ events: [JSONValue], _ call: Call, size: Int, as name: String) throws(APIError)
        -> JSONValue
    {
        let start = try call.scrollPlace()
        let page = Array(events.dropFirst(start).prefix(size))
        return [
            name: .array(page), "returned": .integer(Int64(page.count)), "total": .integer(Int64(events.count)),
            "scroll_id": .string(String(start + page.count)),
        ]
    }

    @Sendable static func getTaskEvents(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try store.task(try call.text("task")).id
        let type = try call.optionalText("event_type")
        var events = type == "log" ? [] : metrics(of: id, type: type == "all" ? nil : type, in: store)
        if type == nil || type == "log" || type == "all" { events += store.events[id].log.map(\.event) }
        let order = try call.optionalText("order") ?? "asc"
        let stamped = events.map { ($0["timestamp"]?.integer ?? 0, $0) }
        let sorted = stamped.sorted { order == "desc" ? $0.0 > $1.0 : $0.0 < $1.0 }.map(\.1)
        return try page(sorted, call, size: max(1, try call.integer("batch_size") ?? 500), as: "events")
    }

    @Sendable static func getScalarMetricData(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try store.task(try call.text("task")).id
        let found = metrics(of: id, type: "training_stats_scalar", metric: try call.text("metric"), in: store)
        return try page(found, call, size: 10_000, as: "events")
    }

    @Sendable static func getTaskPlots(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try store.task(try call.text("task")).id
        return try page(metrics(of: id, type: "plot", in: store), call, size: 10_000, as: "plots")
    }

    private static func names(of task: String, type: String, in store: Store) -> [(metric: String, variants: [String])]
    {
        var names: [String: Set<String>] = [:]
        for key in store.events[task].metrics.keys where key.type == type {
            names[key.metric, default: []].insert(key.variant)
        }
        return names.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted()) }
    }

    @Sendable static func getScalarMetricsAndVariants(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue
    {
        let id = try store.task(try call.text("task")).id
        var metrics = JSONObject()
        for (metric, variants) in names(of: id, type: "training_stats_scalar", in: store) {
            metrics[metric] = .array(variants.map(JSONValue.string))
        }
        return ["metrics": .object(metrics)]
    }

    @Sendable static func getTaskMetrics(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let type = try call.text("event_type")
        var answer: [JSONValue] = []
        for id in try call.requiredTexts("tasks") {
            let metrics = names(of: id, type: type, in: store).map { entry -> JSONValue in
                ["metric": .string(entry.metric), "variants": .array(entry.variants.map(JSONValue.string))]
            }
            answer.append(["task": .string(id), "metrics": .array(metrics)])
        }
        return ["metrics": .array(answer)]
    }

    @Sendable static func getLatestScalarValues(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let task = try store.task(try call.text("task"))
        let metrics = (task.fields["last_metrics"]?.object ?? JSONObject()).map { metric -> JSONValue in
            let variants = metric.value.object?.values ?? []
            return [
                "name": variants.first?["metric"] ?? "",
                "variants": .array(
                    variants.map { variant -> JSONValue in
                        [
                            "name": variant["variant"] ?? "", "last_value": variant["value"] ?? nil,
                            "last_100_value": variant["value"] ?? nil,
                        ]
                    }),
            ]
        }
        return ["metrics": .array(metrics)]
    }

    /// Single values are scalars at the iteration that stands for "no iteration".
    @Sendable static func getSingleValueMetrics(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        var tasks: [JSONValue] = []
        for id in try call.requiredTexts("tasks") {
            guard let task = store.tasks[id] else { continue }
            let values = store.events[id].metrics
                .filter { $0.key.type == "training_stats_scalar" && $0.key.iteration == ScalarHistogram.noIteration }
                .sorted { ($0.key.metric, $0.key.variant) < ($1.key.metric, $1.key.variant) }
                .map { entry -> JSONValue in
                    [
                        "metric": .string(entry.key.metric), "variant": .string(entry.key.variant),
                        "value": entry.value["value"] ?? nil, "timestamp": entry.value["timestamp"] ?? nil,
                    ]
                }
            tasks.append(["task": .string(id), "task_name": .string(task.name), "values": .array(values)])
        }
        return ["tasks": .array(tasks)]
    }
}
