import JSON

/// What queues do, and how tasks follow: the only places where entries change.
extension Store {
    /// Puts `task` at the end of `queue`.
    /// - Throws: 701 for an unknown queue, 706 when the task stands there already.
    mutating func push(_ task: String, to queue: String, _ call: Call) throws(APIError) {
        let entries = try self.queue(queue).entries
        if entries.contains(where: { $0.task == task }) { throw .alreadyQueued(task) }
        queues[queue]?.entries.append(QueueEntry(task: task, added: call.now.clearml))
        touchQueue(queue, call)
    }

    /// Takes `task` out of `queue`, wherever it stands.
    /// - Throws: 703 when there is no such queue or the task is not in it.
    mutating func pull(_ task: String, from queue: String, _ call: Call) throws(APIError) -> Int {
        let entries = queues[queue]?.entries ?? []
        let kept = entries.filter { $0.task != task }
        guard kept.count < entries.count else {
            throw .notQueued(task: task, queue: queue, company: company)
        }
        queues[queue]?.entries = kept
        touchQueue(queue, call)
        return entries.count - kept.count
    }

    /// Takes `task` out of the queue that its `execution.queue` names; one that is not there is fine.
    mutating func leaveExecutionQueue(_ task: String, _ call: Call) {
        guard let queue = tasks[task]?.executionQueue else { return }
        queues[queue]?.entries.removeAll { $0.task == task }
        touchQueue(queue, call)
    }

    /// Takes `task` out of every queue, but for `kept`.
    mutating func leaveAllQueues(_ task: String, except kept: String? = nil, _ call: Call) {
        for id in queues.all.filter({ $0.id != kept && $0.entries.contains { $0.task == task } }).map(\.id) {
            queues[id]?.entries.removeAll { $0.task == task }
            touchQueue(id, call)
        }
    }

    /// Moves `task` inside `queue` to where `position` says, counted from the front after it was taken out.
    mutating func reposition(
        _ task: String, in queue: String, _ call: Call, to position: (_ now: Int, _ count: Int) -> Int
    ) throws(APIError) -> Int {
        guard var entries = queues[queue]?.entries, let old = entries.firstIndex(where: { $0.task == task }) else {
            throw .notQueued(task: task, queue: queue, company: company)
        }
        let new = max(0, min(position(old, entries.count), entries.count - 1))
        let entry = entries.remove(at: old)
        entries.insert(entry, at: new)
        queues[queue]?.entries = entries
        touchQueue(queue, call)
        return new
    }

    /// The queue that an enqueue without one means: the only one tagged `default`.
    func defaultQueue() throws(APIError) -> QueueDocument {
        let tagged = queues.all.filter { $0.systemTags.contains("default") }
        if tagged.count > 1 { throw .bad(708, "Multiple default queues") }
        guard let queue = tagged.first else { throw .bad(707, "No default queue") }
        return queue
    }

    private mutating func touchQueue(_ id: String, _ call: Call) { queues[id]?.fields["last_update"] = call.date }
}
