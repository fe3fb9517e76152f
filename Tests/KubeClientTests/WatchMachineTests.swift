import HTTP
import Testing

@testable import KubeClient

@Suite struct WatchMachineTests {
    /// A machine that has listed at version `5` and is about to watch.
    private func watching() -> WatchMachine {
        var machine = WatchMachine()
        #expect(machine.next() == .list(continueToken: nil, limit: 500))
        #expect(machine.listed(resourceVersion: "5", continueToken: nil, jitter: 1) == true)
        return machine
    }

    @Test func `pages are asked for one by one, then the watch begins at the list's version`() {
        var machine = WatchMachine(pageSize: 2, timeout: .seconds(9))
        #expect(machine.next() == .list(continueToken: nil, limit: 2))
        #expect(machine.listed(resourceVersion: "5", continueToken: "t", jitter: 1) == false)
        #expect(machine.next() == .list(continueToken: "t", limit: 2))
        #expect(machine.listed(resourceVersion: "5", continueToken: nil, jitter: 1) == true)
        #expect(machine.next() == .watch(resourceVersion: "5", timeout: .seconds(9)))
    }

    @Test func `a clean end resumes at once from the last version seen`() {
        var machine = watching()
        machine.progressed(to: "8")
        machine.watchEnded(lived: .seconds(290), jitter: 1)
        #expect(machine.next() == .watch(resourceVersion: "8", timeout: .seconds(290)))
        #expect(machine.failures == 0)
    }

    @Test func `an object without a version does not lose the place`() {
        var machine = watching()
        machine.progressed(to: "")
        #expect(machine.next() == .watch(resourceVersion: "5", timeout: .seconds(290)))
    }

    @Test func `a broken watch keeps its version and waits longer each time, up to 30 s`() {
        var machine = watching()
        var waits: [Duration] = []
        for _ in 0..<8 {
            machine.watchFailed(.other(retryAfter: nil), lived: .seconds(2), jitter: 1)
            guard case .wait(let wait) = machine.next() else { return }
            waits.append(wait)
            #expect(machine.next() == .watch(resourceVersion: "5", timeout: .seconds(290)))
        }
        #expect(waits == [800, 1600, 3200, 6400, 12800, 25600, 30000, 30000].map { .milliseconds($0) })
    }

    @Test func `the waits begin anew after a healthy watch`() {
        var machine = watching()
        for lived in [2, 2, 31] {
            machine.watchFailed(.other(retryAfter: nil), lived: .seconds(lived), jitter: 1)
        }
        #expect(machine.next() == .wait(.milliseconds(800)))
    }

    @Test func `what the server asks to wait is not undercut`() {
        var machine = watching()
        machine.watchFailed(.other(retryAfter: .seconds(12)), lived: .zero, jitter: 0)
        #expect(machine.next() == .wait(.seconds(12)))
    }

    @Test func `watches that end within a second are slowed down, whatever they brought`() {
        var machine = watching()
        machine.progressed(to: "6")
        machine.watchEnded(lived: .milliseconds(10), jitter: 0)
        #expect(machine.next() == .wait(.milliseconds(400)))
        machine.watchEnded(lived: .milliseconds(10), jitter: 0)
        #expect(machine.next() == .wait(.milliseconds(800)))
        #expect(machine.next() == .watch(resourceVersion: "6", timeout: .seconds(290)))
    }

    @Test func `410 lists anew, at once the first time and after a wait from then on`() {
        var machine = watching()
        machine.watchFailed(.expired, lived: .seconds(2), jitter: 1)
        #expect(machine.next() == .list(continueToken: nil, limit: 500))
        #expect(machine.listed(resourceVersion: "9", continueToken: nil, jitter: 1) == true)
        machine.watchFailed(.expired, lived: .zero, jitter: 1)
        #expect(machine.next() == .wait(.milliseconds(800)))
        #expect(machine.next() == .list(continueToken: nil, limit: 500))
    }

    @Test func `a next page that expired makes the list come in one piece`() {
        var machine = WatchMachine()
        #expect(machine.listed(resourceVersion: "5", continueToken: "t", jitter: 1) == false)
        machine.listFailed(.expired, jitter: 1)
        #expect(machine.next() == .list(continueToken: nil, limit: nil))
        #expect(machine.listed(resourceVersion: "6", continueToken: nil, jitter: 1) == true)
    }

    @Test func `a list that breaks half way begins anew, in pages`() {
        var machine = WatchMachine()
        #expect(machine.listed(resourceVersion: "5", continueToken: "t", jitter: 1) == false)
        machine.listFailed(.other(retryAfter: nil), jitter: 1)
        #expect(machine.next() == .wait(.milliseconds(800)))
        #expect(machine.next() == .list(continueToken: nil, limit: 500))
    }

    @Test func `a list without a version is a failure`() {
        var machine = WatchMachine()
        #expect(machine.listed(resourceVersion: "", continueToken: nil, jitter: 1) == false)
        #expect(machine.next() == .wait(.milliseconds(800)))
        #expect(machine.next() == .list(continueToken: nil, limit: 500))
    }

    @Test func `an error says whether the version is too old`() {
        let operation = ResourceOperation(verb: "watch", resource: .pods)
        #expect(WatchMachine.Failure(.status(Status(code: 410, reason: "Gone", message: ""), operation)) == .expired)
        #expect(WatchMachine.Failure(.status(Status(code: 0, reason: "Expired", message: ""), operation)) == .expired)
        let busy = Status(code: 429, reason: "", message: "", retryAfter: .seconds(3))
        #expect(WatchMachine.Failure(.status(busy, operation)) == .other(retryAfter: .seconds(3)))
    }
}
