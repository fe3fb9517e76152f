import ClearMLClient
import HTTP
import Handoff
import Supervisor

/// One task, from the gate to the verdict:
///
///     gate → fetch → workspace → environment → run ∥ (console, heartbeat, abort watch) → report
struct Execution: Sendable {
    let configuration: ExecutorConfiguration
    let server: ClearMLServer
    let supervisor: Supervisor
    let stop: StopSignal
    let patience: Patience
    let pace: Pace
    var mirror: @Sendable ([UInt8]) -> Void = { _ in }
    /// Where this program lies.
    var ownPath = Toolbox.ownPath()
    /// Called with what is to be said should the report not come to its end.
    var provisional: @Sendable (Verdict) -> Void = { _ in }

    /// Runs the task; what it returns is for the verdict file and the process's exit code.
    func run() async -> (verdict: Verdict, exitCode: Int32) {
        var clock = PhaseClock(pace: pace)
        clock.enter(.gate)
        if let refusal = await passGate() {
            return (clock.verdict(refusal.outcome, cause: refusal.cause, reported: false), refusal.exitCode)
        }
        let redactor = Redactor(
            secrets: Redactor.secrets(in: configuration.environment) + [configuration.clearML.secretKey.reveal()])
        let console = Console(
            task: configuration.taskID, worker: configuration.worker, redactor: redactor, server: server, pace: pace,
            mirror: mirror)
        let workbench = Workbench(
            configuration: configuration, supervisor: supervisor, console: console, stop: stop, pace: pace,
            ownPath: ownPath)
        let watch = AbortWatch(configuration: configuration, server: server, stop: stop, pace: pace)
        let heartbeat = Heartbeat(
            configuration: configuration, server: server, pace: pace, say: { console.say($0, level: "WARNING") })
        let memory = MemoryReading.read()
        return await withTaskGroup { group in
            group.addTask { await console.ship() }
            group.addTask { await watch.run() }
            group.addTask { await heartbeat.run() }
            let work = await work(workbench, &clock)
            clock.enter(.report)
            let result = await report(work, console: console, before: memory, clock: &clock)
            group.cancelAll()
            return result
        }
    }

    // MARK: - Work

    private func work(_ workbench: Workbench, _ clock: inout PhaseClock) async -> WorkEnd {
        do throws(PhaseError) {
            clock.enter(.fetch)
            let task = try await fetch()
            workbench.console.say("task \(configuration.taskID), attempt \(configuration.claim.attempt), \(place)")
            clock.enter(.workspace)
            let plan = try failing { () throws(ExecutionFailure) in try ExecutionPlan(script: task.script) }
            let workspace = try failing { () throws(ExecutionFailure) in
                try Workspace(configuration: configuration)
            }
            var workbench = workbench
            if let script = task.containerSetupScript {
                let exports = try await SetupScript(workbench: workbench, workspace: workspace).run(script)
                workbench.configuration.environment.merge(exports) { _, new in new }
            }
            let checkout = CodePhase(workbench: workbench, workspace: workspace, server: server)
            try await checkout.run(plan)
            clock.enter(.environment)
            let environment = EnvironmentPhase(workbench: workbench, workspace: workspace, server: server)
            let interpreter = try await environment.run(plan, script: task.script)
            try announceRun(workspace)
            let spec = try failing { () throws(ExecutionFailure) in
                try taskSpec(
                    plan, workspace: workspace, interpreter: interpreter,
                    environment: workbench.configuration.environment)
            }
            try await writeRunPhase()
            clock.enter(.run)
            workbench.console.say(
                "[\(plan.workingDirectory)]$ \(Entrypoint.shown(spec.executable, spec.arguments))"
                    + " (prepared in \(clock.shown(before: .run)))")
            return try await runTask(spec, workbench)
        } catch {
            switch error {
            case .failed(let failure):
                // Tools repeat what they were given: their words go into the status, too.
                return .failed(failure.redacted(workbench.console.redactor))
            case .stopped(let exit): return .stopped(exit)
            }
        }
    }

    private var place: String {
        let pod = configuration.podName.map { "pod \($0)" } ?? "pod \(configuration.podUID)"
        return pod + (configuration.nodeName.map { " on node \($0)" } ?? "")
    }

    /// The whole task.
    private func fetch() async throws(PhaseError) -> TaskRecord {
        let task = try await patiently("the task cannot be read") { () throws(ClearMLError) in
            try await server.task(configuration.taskID)
        }
        if let task { return task }
        stop.raise(.taken(nil, "the task was deleted"))
        throw .stopped(nil)
    }

    /// Says, before the first instruction of the user's, that it is about to run. Acknowledged, or the code does not run:
    /// by this, glue tells an attempt lost before the start from one lost after it.
    private func writeRunPhase() async throws(PhaseError) {
        let phase = [Handoff.Runtime.phase: configuration.claim.scoped(Phase.run.rawValue)]
        _ = try await patiently("the phase cannot be written") { () throws(ClearMLError) in
            try await server.editRuntime(task: configuration.taskID, set: phase)
        }
    }

    private func runTask(_ spec: ProcessSpec, _ workbench: Workbench) async throws(PhaseError) -> WorkEnd {
        if stop.cause != nil { throw .stopped(nil) }
        let ran: Workbench.Ran
        do throws(SupervisorError) {
            ran = try await workbench.run(spec, grace: configuration.childGrace, limit: nil, isEchoed: true)
        } catch {
            throw .failed(ExecutionFailure(code: .environment, reason: "\(error)", message: ""))
        }
        return ran.isStopped ? .stopped(ran.exit) : .ended(ran.exit)
    }
}
