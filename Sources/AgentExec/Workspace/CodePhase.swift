import ClearMLClient
import Handoff

/// Brings the code into the workspace.
struct CodePhase: Sendable {
    let workbench: Workbench
    let workspace: Workspace
    let server: ClearMLServer

    func run(_ plan: ExecutionPlan) async throws(PhaseError) {
        switch plan.source {
        case .image: return
        case .literal(let script):
            do throws(ExecutionFailure) { try workspace.write(script: script, plan: plan) } catch {
                throw .failed(error)
            }
        case .repository(let repository, let changes, let script):
            try await GitCheckout(workbench: workbench, workspace: workspace, server: server)
                .run(repository, changes: changes)
            guard let script else { return }
            do throws(ExecutionFailure) { try workspace.write(script: script, plan: plan) } catch {
                throw .failed(error)
            }
        }
    }
}
