/// Which keys to work on, and when. Pure: time is a parameter.
///
/// *Guarantees.* A key stands in it once: of two due times the earlier holds. A key that is being worked on is not given
/// out again before `finished`; what is added meanwhile waits for that.
public struct WorkQueue<Key: Hashable & Sendable>: Sendable {
    private struct Entry: Sendable {
        let due: Duration
        let order: Int
        let key: Key

        func isBefore(_ other: Entry) -> Bool { (due, order) < (other.due, other.order) }
    }

    /// What to do now.
    public enum Next: Sendable, Equatable {
        /// Work on this key, then say `finished`.
        case work(Key)
        /// Nothing is due before then.
        case wait(until: Duration)
        /// Nothing is known that could become due: wait for an `add` or a `finished`.
        case idle
    }

    /// A binary heap, earliest first. Entries that a better one has replaced stay until they come up.
    private var heap: [Entry] = []
    private var due: [Key: Duration] = [:]
    private var inFlight: Set<Key> = []
    private var counter = 0

    /// An empty queue.
    public init() {}

    /// What the heap holds, replaced entries too.
    var heapCount: Int { heap.count }

    /// The keys that wait, due or not.
    public var count: Int { due.count }
    /// The keys that are worked on.
    public var inFlightCount: Int { inFlight.count }

    /// Adds a key, due at `time` (a point on the caller's clock).
    public mutating func add(_ key: Key, due time: Duration) {
        if let present = due[key], present <= time { return }
        due[key] = time
        if !inFlight.contains(key) { push(key, time) }
    }

    /// Forgets a key that waits.
    public mutating func remove(_ key: Key) { due[key] = nil }

    /// The key to work on at `now`.
    public mutating func next(now: Duration) -> Next {
        while let first = heap.first {
            let isCurrent = due[first.key] == first.due && !inFlight.contains(first.key)
            if isCurrent, first.due > now { return .wait(until: first.due) }
            pop()
            guard isCurrent else { continue }
            due[first.key] = nil
            inFlight.insert(first.key)
            return .work(first.key)
        }
        return .idle
    }

    /// The work on `key` is done; `again` asks for another turn then.
    public mutating func finished(_ key: Key, again: Duration? = nil) {
        guard inFlight.remove(key) != nil else { return }
        if let again { due[key] = min(again, due[key] ?? again) }
        if let time = due[key] { push(key, time) }
    }

    // MARK: - Heap

    private mutating func push(_ key: Key, _ time: Duration) {
        counter += 1
        if heap.count > 2 * due.count + 64 { dropReplaced() }
        heap.append(Entry(due: time, order: counter, key: key))
        var at = heap.count - 1
        while at > 0, heap[at].isBefore(heap[(at - 1) / 2]) {
            heap.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    /// Keeps the heap within a small multiple of the keys that wait, however often their times change. A sorted array
    /// is a heap.
    private mutating func dropReplaced() {
        heap = heap.filter { due[$0.key] == $0.due }.sorted { $0.isBefore($1) }
    }

    private mutating func pop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var at = 0
        while true {
            var least = at
            for child in [2 * at + 1, 2 * at + 2] where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            if least == at { return }
            heap.swapAt(at, least)
            at = least
        }
    }
}
