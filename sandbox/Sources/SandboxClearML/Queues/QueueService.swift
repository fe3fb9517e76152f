import JSON

/// `queues.*`: making, finding and changing queues.
enum QueueService {
    static let endpoints: [String: Endpoint] = [
        "queues.create": Endpoint("2.4", create),
        "queues.update": Endpoint("2.4", update),
        "queues.delete": Endpoint("2.4", delete),
        "queues.get_by_id": Endpoint("2.4", getByID),
        "queues.get_all": Endpoint("2.4", getAll),
        "queues.get_all_ex": Endpoint("2.4", getAllExtended),
        "queues.get_default": Endpoint("2.4", getDefault),
    ].merging(QueueEntryService.endpoints) { first, _ in first }

    /// Makes a queue; its name, at least 3 characters, must be new in the company.
    static func make(_ name: String, _ call: Call, in store: inout Store) throws(APIError) -> QueueDocument {
        let name = String(name.trimmed)
        guard name.count >= 3 else { throw .data("queue name must be at least 3 characters long") }
        if store.queues.all.contains(where: { $0.name == name }) {
            throw .bad(
                801, "Value combination already exists (unique field already contains this value)", ["name": name])
        }
        let queue = QueueDocument(id: call.makeID(), name: name, company: store.company, now: call.now)
        store.queues.insert(queue)
        return queue
    }

    @Sendable static func create(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let name = try call.text("name")
        let tags = try call.texts("tags") ?? []
        let systemTags = try call.texts("system_tags") ?? []
        let displayName = try call.optionalText("display_name")
        let id = try make(name, call, in: &store).id
        store.queues[id]?.fields["tags"] = .array(tags.map(JSONValue.string))
        store.queues[id]?.fields["system_tags"] = .array(systemTags.map(JSONValue.string))
        store.queues[id]?.fields["display_name"] = displayName.map(JSONValue.string)
        if let metadata = call["metadata"] { store.queues[id]?.fields["metadata"] = metadata }
        return ["id": .string(id)]
    }

    @Sendable static func update(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("queue")
        _ = try store.queue(id)
        var fields = JSONObject()
        for name in ["name", "display_name", "tags", "system_tags", "metadata"] { fields[name] = call[name] }
        for (name, value) in fields { store.queues[id]?.fields[name] = value }
        store.queues[id]?.fields["last_update"] = call.date
        return ["updated": 1, "fields": .object(fields)]
    }

    /// Deletes a queue. Tasks in one that is deleted by force go back to what they were before.
    @Sendable static func delete(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("queue")
        let queue = try store.queue(id)
        let force = try call.flag("force")
        if !queue.entries.isEmpty, !force { throw .bad(702, "Queue not empty: use force=true to delete", ["id": id]) }
        for entry in queue.entries {
            guard let task = store.tasks[entry.task] else { continue }
            var change = StatusChange(task.enqueueStatus ?? .created, reason: "Queue was deleted", force: true)
            change.also = ["enqueue_status": nil]
            _ = try store.change(task.id, change, call)
        }
        store.queues.remove(id)
        return ["deleted": 1]
    }

    @Sendable static func getByID(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let queue = try store.queue(try call.text("queue"))
        return ["queue": .object(queue.shown(to: call.version, limit: try call.integer("max_task_entries")))]
    }

    @Sendable static func getAll(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let listing = try Listing(call, known: QueueDocument.fieldNames)
        let limit = try call.integer("max_task_entries")
        let found = listing.select(
            from: store.queues, shown: { $0.shown(to: call.version, limit: limit) }, hides: \.isHidden)
        return listing.answer("queues", found)
    }

    /// As `get_all`, with the workers of each queue, and entries that name their tasks.
    @Sendable static func getAllExtended(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let listing = try Listing(call, known: QueueDocument.fieldNames, joins: true)
        let limit = try call.integer("max_task_entries")
        let workers = WorkerService.alive(in: &store, call)
        let tasks = store.tasks
        let found = listing.select(
            from: store.queues,
            shown: { queue in
                var shown = queue.shown(to: call.version, limit: limit)
                let entries = shown["entries"]?.array ?? []
                shown["entries"] = .array(
                    entries.map { entry in
                        var joined = entry
                        let id = entry["task"]?.string ?? ""
                        joined["task"] = ["id": .string(id), "name": (tasks[id]?.name).map(JSONValue.string) ?? nil]
                        return joined
                    })
                shown["workers"] = .array(
                    workers.filter { $0.queues.contains(queue.id) }.map {
                        [
                            "name": .string($0.id), "ip": .string("127.0.0.1"),
                            "task": $0.task.map(JSONValue.string) ?? nil,
                        ]
                    })
                return shown
            }, hides: \.isHidden)
        return listing.answer("queues", found)
    }

    @Sendable static func getDefault(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let queue = try store.defaultQueue()
        return ["id": .string(queue.id), "name": .string(queue.name)]
    }
}

extension String {
    /// Without blanks and line ends at either end.
    var trimmed: Substring {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
