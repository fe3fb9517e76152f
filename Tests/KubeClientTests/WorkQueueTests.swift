import Testing

@testable import KubeClient

@Suite struct WorkQueueTests {
    @Test func `keys come out by due time, then in the order they went in`() {
        var queue = WorkQueue<String>()
        queue.add("late", due: .seconds(9))
        queue.add("b", due: .seconds(1))
        queue.add("c", due: .seconds(1))
        queue.add("a", due: .zero)
        #expect(queue.next(now: .zero) == .work("a"))
        #expect(queue.next(now: .zero) == .wait(until: .seconds(1)))
        #expect(queue.next(now: .seconds(2)) == .work("b"))
        #expect(queue.next(now: .seconds(2)) == .work("c"))
        #expect(queue.next(now: .seconds(2)) == .wait(until: .seconds(9)))
        #expect(queue.inFlightCount == 3 && queue.count == 1)
    }

    @Test func `of two due times the earlier holds, and the key comes once`() {
        var queue = WorkQueue<String>()
        queue.add("a", due: .seconds(5))
        queue.add("a", due: .seconds(2))
        queue.add("a", due: .seconds(7))
        #expect(queue.next(now: .zero) == .wait(until: .seconds(2)))
        #expect(queue.next(now: .seconds(9)) == .work("a"))
        #expect(queue.next(now: .seconds(9)) == .idle)
        queue.finished("a")
        #expect(queue.next(now: .seconds(9)) == .idle)
    }

    @Test func `a key in work is not given out again before it is finished`() {
        var queue = WorkQueue<String>()
        queue.add("a", due: .zero)
        #expect(queue.next(now: .zero) == .work("a"))
        queue.add("a", due: .zero)
        #expect(queue.next(now: .seconds(1)) == .idle)
        queue.finished("a", again: .seconds(50))
        #expect(queue.next(now: .seconds(1)) == .work("a"))  // what was added meanwhile is earlier than the recheck
        queue.finished("a", again: .seconds(50))
        #expect(queue.next(now: .seconds(1)) == .wait(until: .seconds(50)))
    }

    @Test func `a removed key does not come out`() {
        var queue = WorkQueue<String>()
        queue.add("a", due: .zero)
        queue.remove("a")
        #expect(queue.next(now: .seconds(1)) == .idle)
        queue.add("a", due: .zero)
        #expect(queue.next(now: .seconds(1)) == .work("a"))
        #expect(queue.next(now: .seconds(1)) == .idle)
    }

    @Test func `a queue whose times change all day stays small`() {
        var queue = WorkQueue<Int>()
        for round in 0..<10_000 {
            queue.add(round % 10, due: .seconds(1_000_000 - round))
        }
        #expect(queue.count == 10 && queue.heapCount < 200)
        #expect(queue.next(now: .seconds(2_000_000)) == .work(9))
    }

    @Test func `against a plain model, over ten thousand random steps`() {
        var generator = SplitMix(state: 7)
        var queue = WorkQueue<Int>()
        var due: [Int: Int] = [:]
        var busy: Set<Int> = []
        for step in 0..<10_000 {
            let key = Int.random(in: 0..<20, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                let time = step + Int.random(in: 0..<30, using: &generator)
                queue.add(key, due: .seconds(time))
                due[key] = min(due[key] ?? .max, time)
            case 1:
                guard let one = busy.sorted().first else { continue }
                busy.remove(one)
                queue.finished(one)
            default:
                let ready = due.filter { !busy.contains($0.key) }
                let earliest = ready.values.min()
                switch queue.next(now: .seconds(step)) {
                case .work(let given):
                    #expect(ready[given] == earliest && (earliest ?? .max) <= step)
                    due[given] = nil
                    busy.insert(given)
                case .wait(let until): #expect(earliest.map { .seconds($0) } == until && (earliest ?? 0) > step)
                case .idle: #expect(earliest == nil)
                }
            }
        }
    }
}

/// Repeatable chance.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
