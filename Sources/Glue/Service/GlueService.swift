import ClearMLClient
import HTTP
import Handoff
import KubeClient
import Logging
import OS

/// The operator, wired. The flow, left to right:
///
///     queues ──Intake──► held Job ──pop──► claim, token ──► Job let go ──► pod, agent-exec
///     watch, ticks ──► Changes ──► Reconciler: Situation ──Decision──► Actuator ──► server, cluster
struct GlueService: Sendable {
    let server: ClearMLServer
    let cluster: ClusterView
    let intake: Intake
    let reconciler: Reconciler
    let console: TaskConsole
    let changes: Changes
    let worker: WorkerReport
    let timing: Timing
    let logger: Logger

    /// Runs until `shutdown` ends, then stops pulling, lets claims under way finish, and returns.
    func run(shutdown: AsyncStream<Void>) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await cluster.run(changes: changes) }
            do { try await cluster.waitUntilReady(within: .seconds(60)) } catch {
                throw error is CancellationError ? error : StartupFailure("\(error)", .environment)
            }
            logger.info("cluster view ready", metadata: ["jobs": "\(cluster.jobs().count)"])
            changes.addEverything()
            group.addTask { await console.run() }
            group.addTask { await worker.run() }
            group.addTask { await tick() }
            group.addTask { await reconcile() }
            let pulling = Task { await pull() }
            group.addTask {
                for await _ in shutdown { break }
            }
            // The first to return is the shutdown; a loop that throws before it ends the process.
            try await group.next()
            logger.info("stopping: no more claims; pods are left alone")
            pulling.cancel()
            await pulling.value
            group.cancelAll()
            do { while try await group.next() != nil {} } catch is CancellationError {}
        }
        await sayGoodbye()
        logger.info("stopped")
    }

    /// The last words, as far as they are heard: nothing depends on them, and a server that hangs holds nobody up.
    private func sayGoodbye() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await console.flush()
                await worker.unregister()
            }
            group.addTask { try? await Task.sleep(for: .seconds(3)) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Claims while there is something to claim; waits, with jitter, while there is not.
    private func pull() async {
        var failures = 0
        let backoff = Backoff(base: .seconds(1), limit: .seconds(30))
        while !Task.isCancelled {
            var pause = timing.pollInterval * Double.random(in: 0.9...1.1)
            do {
                // A claim under way is finished although the loop is told to end.
                let turn = try await Task { try await intake.turn(present: cluster.jobs()) }.value
                if failures > 0 { logger.info("pulling again") }
                failures = 0
                if turn.claimed > 0 { pause = .milliseconds(20) }
            } catch {
                failures += 1
                pause = max(pause, backoff.delay(failures: failures, jitter: .random(in: 0...1)))
                logger.warning("cannot look at the queues: not pulling", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: pause)
        }
    }

    private func reconcile() async {
        for await _ in changes.signal {
            if Task.isCancelled { return }
            let tasks = changes.take()
            if let tasks, tasks.isEmpty { continue }
            do {
                try await reconciler.look(at: tasks)
            } catch {
                if Task.isCancelled { return }
                // Nothing is written from a stale view: the next tick looks again.
                logger.warning("cannot look at the tasks", metadata: ["error": "\(error)"])
                if let tasks { changes.defer(tasks) } else { changes.deferEverything() }
                await reconciler.abandonDeletedJobs()
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Watch events are hints; these are the looks that come without any.
    private func tick() async {
        var sinceEverything = Duration.zero
        while !Task.isCancelled {
            try? await Task.sleep(for: timing.statusInterval)
            sinceEverything += timing.statusInterval
            if sinceEverything >= timing.recoveryInterval {
                sinceEverything = .zero
                changes.addEverything()
            } else {
                changes.add(Set(cluster.jobs().map(\.task)))
            }
        }
    }
}
