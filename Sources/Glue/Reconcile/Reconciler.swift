import ClearMLClient
import Handoff
import KubeClient
import Logging
import OS

/// Compares what is with what should be, task by task, and acts. Watch events and ticks only say when to look:
/// each look reads the whole state of its tasks from the server and the cluster.
actor Reconciler {
    private let server: ClearMLServer
    private let actuator: Actuator
    private let cluster: ClusterView
    private let console: TaskConsole
    private let inFlight: InFlight
    private let queues: [WatchedQueue]
    private let pendingQueue: String
    private let instance: String
    private let limits: @Sendable (JobFacts) -> DecisionLimits
    private let orphanAfter: Duration
    private let keepFinished: Duration
    private let logger: Logger
    private let abandonAfter: Duration
    private var memory = Memory()
    /// When the ClearML server last answered.
    private var lastAnswer = ContinuousClock.now

    init(
        server: ClearMLServer, actuator: Actuator, cluster: ClusterView, console: TaskConsole, inFlight: InFlight,
        queues: [WatchedQueue], pendingQueue: String, instance: String,
        limits: @escaping @Sendable (JobFacts) -> DecisionLimits, orphanAfter: Duration, keepFinished: Duration,
        abandonAfter: Duration, logger: Logger
    ) {
        self.server = server
        self.actuator = actuator
        self.cluster = cluster
        self.console = console
        self.inFlight = inFlight
        self.queues = queues
        self.pendingQueue = pendingQueue
        self.instance = instance
        self.limits = limits
        self.orphanAfter = orphanAfter
        self.keepFinished = keepFinished
        self.abandonAfter = abandonAfter
        self.logger = logger
    }

    /// The most tasks worked on at one time.
    private static let width = 8
    /// The most entries of a queue looked at when asking whether a task waits there.
    private static let entryWindow = 10_000

    /// Looks at `tasks`, or at everything of ours when `nil`; returns how many actions were taken.
    @discardableResult
    func look(at tasks: Set<String>?) async throws -> Int {
        let deadline = Deadline(actuator.stepLimit)
        // The order matters: Jobs first, then the server. A claim seen on the server has its Job among these, or made later.
        let jobs = cluster.jobs()
        var byTask = Dictionary(grouping: jobs, by: \.task)
        let records = try await server.queues(ids: queues.map(\.id) + [pendingQueue], maxEntries: Self.entryWindow)
        let tokens = Set(records.first { $0.id == pendingQueue }?.entries.map(\.task) ?? [])
        var waiting: [String: Set<Enqueue>] = [:]
        for queue in records where queue.id != pendingQueue {
            for entry in queue.entries {
                waiting[entry.task, default: []].insert(Enqueue(queue: queue.id, added: entry.added))
            }
        }
        var names = Set(byTask.keys)
        if let tasks {
            names = tasks
            byTask = byTask.filter { tasks.contains($0.key) }
        } else {
            names.formUnion(tokens)
            let strays = try await server.tasks(
                status: [.queued, .inProgress], executionQueue: pendingQueue, fields: ["id"])
            names.formUnion(strays.map(\.id))
        }
        let found = try await server.tasks(ids: names.sorted(), fields: TaskFacts.fields)
        lastAnswer = .now
        let facts = Dictionary(found.map { ($0.id, TaskFacts($0)) }) { first, _ in first }

        var plans: [(Situation, Decision)] = []
        let now = ContinuousClock.now
        for name in names.sorted() where !inFlight.contains(name) {
            var situation = Situation(
                task: facts[name], taskID: name, token: tokens.contains(name), waiting: waiting[name] ?? [],
                jobs: (byTask[name] ?? []).sorted { $0.attempt < $1.attempt }, instance: instance,
                pendingQueue: pendingQueue, observedFor: .zero)
            situation.observedFor = memory.observe(name, as: situation.signature, now: now)
            for job in situation.jobs {
                for pod in job.livePods {
                    situation.waits[pod.uid] = memory.observe(pod, pendingTimeout: limits(job).pendingTimeout, now: now)
                }
            }
            let decision = Decision(
                situation, limits: limits, isWatched: { id in queues.contains { $0.id == id } },
                orphanAfter: orphanAfter)
            if !decision.actions.isEmpty { plans.append((situation, decision)) }
        }
        if tasks == nil {
            memory.keep(tasks: names, pods: Set(jobs.flatMap(\.pods).map(\.uid)))
            await cleanUp(jobs)
        }
        return await act(on: plans, deadline)
    }

    private func act(on plans: [(Situation, Decision)], _ deadline: Deadline) async -> Int {
        let now = ContinuousClock.now
        for (situation, decision) in plans {
            for case .explain(_, let finding) in decision.actions { await explain(finding, situation, now) }
        }
        return await withTaskGroup(of: Int.self) { group in
            var taken = 0
            for (started, plan) in plans.enumerated() {
                if started >= Self.width { taken += await group.next() ?? 0 }
                group.addTask { [actuator, inFlight, logger] in
                    let (situation, decision) = plan
                    guard inFlight.enter(situation.taskID) else { return 0 }
                    defer { inFlight.leave(situation.taskID) }
                    var done = 0
                    for action in decision.actions {
                        if case .explain = action { continue }
                        do {
                            try await actuator.perform(action, situation, deadline)
                            done += 1
                        } catch {
                            logger.warning(
                                "step not finished", metadata: ["task": "\(situation.taskID)", "error": "\(error)"])
                            break
                        }
                    }
                    return done
                }
            }
            for await done in group { taken += done }
            return taken
        }
    }

    /// Why a task waits: beside its status while it is queued, and in its console; when it changes, at most each 30 s.
    private func explain(_ finding: Finding, _ situation: Situation, _ now: ContinuousClock.Instant) async {
        guard situation.task?.status == .queued,
            memory.isNews(finding.message, for: situation.taskID, now: now)
        else { return }
        console.say("waiting: \(finding.message)", task: situation.taskID)
        do {
            try await server.setStatusMessage(task: situation.taskID, finding.message)
        } catch {
            logger.debug("status message not set", metadata: ["task": "\(situation.taskID)", "error": "\(error)"])
        }
    }

    /// Called when the server does not answer. The finalizer never traps anybody: a Job that somebody deleted, and whose
    /// pods have ended, goes after `abandonAfter` of silence; what it had to tell goes to the log.
    func abandonDeletedJobs() async {
        guard .now - lastAnswer >= abandonAfter else { return }
        for job in cluster.jobs() where job.isDeleting && job.isHeld {
            let ending =
                job.pods.last(where: \.isTerminal).map { Ending.of($0).summary } ?? "no pod left"
            do {
                guard try await actuator.jobs.livePods(of: job).isEmpty else {
                    try await actuator.jobs.delete(job)
                    continue
                }
                logger.error(
                    "the ClearML server is silent: letting a deleted Job go, its outcome untold",
                    metadata: ["task": "\(job.task)", "job": "\(job.name)", "outcome": "\(ending)"])
                try await actuator.jobs.letGo(job)
            } catch {
                logger.warning("deleted Job not let go", metadata: ["job": "\(job.name)", "error": "\(error)"])
            }
        }
    }

    private func cleanUp(_ jobs: [JobFacts]) async {
        let now = Timestamp.now()
        for job in jobs where !job.isHeld && !job.isDeleting && job.condition != .none && job.livePods.isEmpty {
            guard let ended = job.ended, now.since(ended) >= keepFinished else { continue }
            do {
                try await actuator.jobs.cleanUp(job)
            } catch {
                logger.info("Job not deleted", metadata: ["job": "\(job.name)", "error": "\(error)"])
            }
        }
    }
}
