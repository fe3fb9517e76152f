import ClearMLClient
import Foundation
import Handoff
import Testing

@testable import Glue

/// The recovery table, whole: every cell is decided, and every cell keeps the invariants.
@Suite struct RecoveryTableTests {
    @Test func `no cell without a claim of ours touches the task`() {
        for cell in Cell.all where cell.claim != .mine && cell.job == .absent {
            let touching = cell.decision.actions.filter { $0 != .dropToken || cell.status != nil }
            #expect(touching.isEmpty, "\(cell): \(touching)")
        }
    }

    @Test func `a status is written only under our claim`() {
        for cell in Cell.all {
            for action in cell.decision.actions {
                switch action {
                case .report, .failBeforeEntry, .reportVanished, .retry, .putBack:
                    #expect(cell.claim == .mine, "\(cell): \(action)")
                    #expect(cell.status == .queued || cell.status == .inProgress, "\(cell): \(action)")
                default: break
                }
            }
        }
    }

    @Test func `nobody's running executor loses its pod while the task is its own`() {
        for cell in Cell.all where cell.claim == .mine && cell.status == .inProgress && cell.pod == .running {
            let actions = cell.decision.actions
            #expect(
                cell.job == .deleting ? actions.map(\.title) == ["withdraw Job and pods"] : actions.isEmpty, "\(cell)")
        }
    }

    @Test func `another attempt follows only on a pod that is dead`() {
        for cell in Cell.all {
            for case .retry(let job, _, _) in cell.decision.actions { #expect(job.livePods.isEmpty, "\(cell)") }
        }
    }

    @Test func `user code that ran is not run again without a budget for it`() {
        for cell in Cell.all where cell.ran {
            for case .retry in cell.decision.actions { Issue.record("\(cell)") }
        }
    }

    @Test func `the finalizer goes only when the task is final, gone, or another's`() {
        for cell in Cell.all {
            for case .letGo in cell.decision.actions {
                #expect(
                    cell.claim != .mine || cell.status == .stopped || cell.status == .created || cell.status == nil,
                    "\(cell)")
            }
        }
    }

    @Test func `no cell waits for ever on nobody`() {
        for cell in Cell.all where cell.decision.actions.isEmpty {
            let executorSpeaks = cell.pod == .running && cell.claim == .mine
            let notOurs = cell.job == .absent && cell.claim != .mine
            let nothingHeld = cell.job == .absent && cell.status != .queued && cell.status != .inProgress
            let podComes = cell.job == .released && cell.pod == .none && cell.claim == .mine
            let podStarts = cell.pod == .waiting && cell.claim == .mine
            #expect(executorSpeaks || notOurs || nothingHeld || podComes || podStarts, "\(cell)")
        }
    }

    @Test func `the table in the documentation is the code's`() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/recovery.md")
        let text = try String(contentsOf: path, encoding: .utf8)
        let parts = text.components(separatedBy: "<!-- table -->")
        try #require(parts.count == 3)
        let table = "\n" + RecoveryTable.markdown() + "\n"
        if ProcessInfo.processInfo.environment["GLUE_ACCEPT"] != nil {
            try [parts[0], table, parts[2]].joined(separator: "<!-- table -->").write(
                to: path, atomically: true, encoding: .utf8)
        } else {
            #expect(parts[1] == table, "run with GLUE_ACCEPT=1 to write the table, and read the difference")
        }
    }
}

/// The cells with equal outcomes, merged into rows.
enum RecoveryTable {
    private struct Row {
        var sets: [Set<String>]
        var outcome: String
    }

    private static func names(_ cell: Cell) -> [String] {
        [
            cell.status?.rawValue ?? "deleted", cell.claim.rawValue, cell.token ? "yes" : "no", cell.job.rawValue,
            cell.pod.rawValue, cell.ran ? "yes" : "no",
        ]
    }

    static func markdown() -> String {
        var rows = Cell.all.map { cell in
            Row(
                sets: names(cell).map { [$0] },
                outcome: cell.decision.actions.isEmpty
                    ? "wait" : cell.decision.actions.map(\.title).joined(separator: "; "))
        }
        let all = (0..<6).map { dimension in rows.reduce(into: Set<String>()) { $0.formUnion($1.sets[dimension]) } }
        for dimension in [5, 2, 0, 4, 1, 3, 0, 4] {
            var merged: [Row] = []
            for row in rows {
                let twin = merged.firstIndex { other in
                    other.outcome == row.outcome
                        && (0..<6).allSatisfy { $0 == dimension || other.sets[$0] == row.sets[$0] }
                }
                if let twin { merged[twin].sets[dimension].formUnion(row.sets[dimension]) } else { merged.append(row) }
            }
            rows = merged
        }
        var lines = [
            "| task | claim | token | Job | pod | user code ran | action |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        ]
        for row in rows {
            let cells = row.sets.enumerated().map { dimension, set in
                set == all[dimension] ? "any" : set.sorted().joined(separator: ", ")
            }
            lines.append("| " + (cells + [row.outcome]).joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }
}
