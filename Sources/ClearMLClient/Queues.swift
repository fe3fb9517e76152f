import JSON

extension ClearMLServer {
    /// The most documents the server gives in one page.
    static let pageSize = 500

    /// The queues `ids` with at most `maxEntries` entries each, from the front, in one call per 500.
    /// Those the server does not know are left out.
    public func queues(ids: [String], maxEntries: Int) async throws(ClearMLError) -> [QueueRecord] {
        var found: [QueueRecord] = []
        for batch in batches(of: ids) {
            found += try await queues([
                "id": .array(batch), "max_task_entries": .integer(Int64(maxEntries)),
                "only_fields": ["id", "name", "entries"],
            ])
        }
        return found
    }

    /// The queue called exactly `name`, hidden or not.
    public func queue(named name: String) async throws(ClearMLError) -> QueueRecord? {
        let found = try await queues([
            "name": .string("^" + regexEscaped(name) + "$"), "search_hidden": true, "only_fields": ["id", "name"],
        ])
        return found.first { $0.name == name }
    }

    private func queues(_ query: JSONValue) async throws(ClearMLError) -> [QueueRecord] {
        var query = query
        query["page"] = 0
        query["page_size"] = .integer(Int64(Self.pageSize))
        let data = try await call("queues.get_all", query)
        guard let list = data["queues"]?.array else { throw .decoding(action: "queues.get_all", reason: "no `queues`") }
        return list.compactMap(QueueRecord.init)
    }

    /// Makes a queue and returns its id.
    public func createQueue(name: String, systemTags: [String] = []) async throws(ClearMLError) -> String {
        let data = try await call(
            "queues.create", ["name": .string(name), "system_tags": .array(systemTags.map(JSONValue.string))])
        guard let id = data["id"]?.string else { throw .decoding(action: "queues.create", reason: "no `id`") }
        return id
    }

    /// Takes `task` out of `queue`: `true` for exactly one of all those who try.
    public func removeFromQueue(_ queue: String, task: String) async throws(ClearMLError) -> Bool {
        do throws(ClearMLError) {
            let data = try await call("queues.remove_task", ["queue": .string(queue), "task": .string(task)])
            return try count("removed", in: data, of: "queues.remove_task") == 1
        } catch {
            if error.isRefusal(.notInQueue) { return false }
            throw error
        }
    }

    /// Puts `task` at the end of `queue` without touching its status; `false` when it is in there already.
    public func addToQueue(
        _ queue: String, task: String, updateExecutionQueue: Bool
    ) async throws(ClearMLError) -> Bool {
        do throws(ClearMLError) {
            let data = try await call(
                "queues.add_task",
                [
                    "queue": .string(queue), "task": .string(task),
                    "update_execution_queue": .bool(updateExecutionQueue),
                ])
            return try count("added", in: data, of: "queues.add_task") == 1
        } catch {
            if error.isRefusal(.alreadyQueued) { return false }
            throw error
        }
    }

    /// Moves `task` to the front of `queue`.
    public func moveToFront(queue: String, task: String) async throws(ClearMLError) {
        _ = try await call("queues.move_task_to_front", ["queue": .string(queue), "task": .string(task)])
    }

    // MARK: - Private steps

    /// The number called `name`; an answer without it proves nothing.
    func count(_ name: String, in data: JSONValue, of action: String) throws(ClearMLError) -> Int {
        guard let count = data[name]?.int else { throw .decoding(action: action, reason: "no `\(name)`") }
        return count
    }

    func batches(of ids: [String]) -> [[JSONValue]] {
        var seen: Set<String> = []
        let once = ids.filter { seen.insert($0).inserted }.map(JSONValue.string)
        return stride(from: 0, to: once.count, by: Self.pageSize).map {
            Array(once[$0..<min($0 + Self.pageSize, once.count)])
        }
    }

    /// `name` as a regular expression that matches nothing else: every ASCII character but letters and digits escaped.
    private func regexEscaped(_ name: String) -> String {
        var escaped = ""
        for scalar in name.unicodeScalars {
            let isPlain = !scalar.isASCII || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
            if !isPlain { escaped += "\\" }
            escaped.unicodeScalars.append(scalar)
        }
        return escaped
    }
}
