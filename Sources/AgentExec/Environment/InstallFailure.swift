import Handoff

/// What uv's and pip's words mean for the author of the task. Pure.
enum InstallFailure {
    /// A failed installation that said `output`.
    static func of(_ output: String) -> ExecutionFailure {
        let lower = output.lowercased()
        let said = lastLines(output)
        if lower.contains("no space left on device") || lower.contains("disk quota exceeded") {
            return ExecutionFailure(
                code: .diskPreflight, reason: "no space left on the disk for the task's requirements",
                message: "give the pod more ephemeral storage, or a volume for UV_CACHE_DIR and TMPDIR\n" + said)
        }
        let subject = culprit(output).map { "the requirement `\($0)`" } ?? "the task's requirements"
        let network = [
            "dns error", "failed to lookup address", "temporary failure in name resolution", "connection refused",
            "network is unreachable", "newconnectionerror", "connecttimeout", "operation timed out",
            "tcp connect error", "max retries exceeded",
        ]
        if network.contains(where: lower.contains) {
            return ExecutionFailure(
                code: .environment, reason: "cannot install \(subject): the package index cannot be reached",
                message: "check the network and PIP_INDEX_URL or UV_INDEX_URL in the template\n" + said)
        }
        return ExecutionFailure(
            code: .environment, reason: "cannot install \(subject)",
            message: "check that it exists for this Python and platform\n" + said)
    }

    /// The requirement that stood in the way, as the installer names it.
    static func culprit(_ output: String) -> String? {
        // uv breaks its sentences at 80 columns and draws a tree beside them.
        let flat = output.split { $0.isWhitespace || "│╰─▶×├".contains($0) }.joined(separator: " ")
        let marks: [(before: String, after: [String])] = [
            ("No matching distribution found for ", [" ERROR", " WARNING", " [notice"]),
            ("satisfies the requirement ", [" (from"]),
            ("Failed to build `", ["`"]), ("Failed to download and build `", ["`"]), ("Failed to download `", ["`"]),
            ("Because there is no version of ", [" and", " we "]),
            ("Because there are no versions of ", [" and", " we "]),
            ("Because only ", [" is available", " are available"]),
            ("Because ", [" was not found", " has no ", " and you require"]),
            ("Failed building wheel for ", [" "]), ("Invalid requirement: '", ["'"]),
            ("Couldn't parse requirement in `", ["`"]),
        ]
        for mark in marks {
            guard let start = flat.end(of: mark.before) else { continue }
            let rest = flat[start...]
            let ends = mark.after.compactMap { rest.start(of: $0) }
            let end = ends.min() ?? rest.endIndex
            let name = rest[..<end].prefix(120)
            if !name.isEmpty, end != rest.endIndex || mark.before.hasPrefix("No matching") { return String(name) }
        }
        return nil
    }
}

extension StringProtocol {
    /// Where `text` begins.
    func start(of text: String) -> Index? { indices.first { self[$0...].hasPrefix(text) } }
    /// Where it ends.
    func end(of text: String) -> Index? { start(of: text).map { index($0, offsetBy: text.count) } }
}
