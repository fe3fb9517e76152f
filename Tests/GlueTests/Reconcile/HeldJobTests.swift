import ClearMLClient
import Handoff
import Testing

@testable import Glue

/// A held Job whose claim is written, and what stood in the queues when they were read.
@Suite struct HeldJobTests {
    private func decision(waiting: Set<Enqueue>) -> [String] {
        let cell = Cell(status: .queued, token: false, claim: .mine, job: .held, pod: .none, ran: false)
        var situation = cell.situation()
        situation.waiting = waiting
        return Decision(
            situation, limits: { _ in Cell.limits }, isWatched: { _ in true }, orphanAfter: .seconds(120)
        ).actions.map(\.title)
    }

    @Test func `its own entry, read before the pop, is no second enqueue`() {
        #expect(decision(waiting: []) == ["finish the claim"])
        #expect(decision(waiting: [Cell.enqueue]) == ["finish the claim"])
    }

    @Test func `another entry is: the claim is given up`() {
        let again = Enqueue(queue: Cell.enqueue.queue, added: "2026-11-24T01:00:00.000000+00:00")
        #expect(decision(waiting: [again]) == ["drop the held Job"])
    }
}
