import JSON

/// What queues do, and how tasks follow: the only places where entries change.
extension Store {
    /// Puts `task` at the end of `queue`.
    /// - Throws: 701 for an unknown queue, 706 when the task stands there already.
    mutating func push(_ task: String, to queue: String, _ call: Call) throws(APIError) {
        if try self.queue(queue).entries.contains(task) { throw .alreadyQueued(task) }
        queues[queue]?.entries.insert(QueueEntry(task: task, added: call.now.clearml))
        touchQueue(queue, call)
    }

    /// Takes `task` out of `queue`, wherever it stands.
    /// - Throws: 703 when there is no such queue or the task is not in it.
    mutating func pull(_ task: String, from queue: String, _ call: Call) throws(APIError) {
        guard queues[queue]?.entries.remove(task) != nil else {
            throw .notQueued(task: task, queue: queue, company: company)
        }
        touchQueue(queue, call)
    }

    /// Takes `task` out of the queue that its `execution.queue` names; one that is not there is fine.
    mutating func leaveExecutionQueue(_ task: String, _ call: Call) {
        guard let queue = tasks[task]?.executionQueue else { return }
        queues[queue]?.entries.remove(task)
        touchQueue(queue, call)
    }

    /// Takes `task` out of every queue, but for `kept`.
    mutating func leaveAllQueues(_ task: String, except kept: String? = nil, _ call: Call) {
        for id in queues.all.filter({ $0.id != kept && $0.entries.contains(task) }).map(\.id) {
            queues[id]?.entries.remove(task)
            touchQueue(id, call)
        }
    }

    /// Moves `task` inside `queue` to where `position` says, counted from the front after it was taken out.
    mutating func reposition(
        _ task: String, in queue: String, _ call: Call, to position: (_ now: Int, _ count: Int) -> Int
    ) throws(APIError) -> Int {
        guard let count = queues[queue]?.entries.count, let old = queues[queue]?.entries.place(of: task),
            let entry = queues[queue]?.entries.remove(task)
        else { throw .notQueued(task: task, queue: queue, company: company) }
        let new = max(0, min(position(old, count), count - 1))
        queues[queue]?.entries.insert(entry, at: new)
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
