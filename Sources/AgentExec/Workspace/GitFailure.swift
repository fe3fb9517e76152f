import Handoff

/// What git's words mean for the author of the task. Pure.
enum GitFailure {
    /// A failed clone or fetch of `url`.
    static func ofFetch(_ output: String, url: String, host: String?, hasCredentials: Bool) -> ExecutionFailure {
        let text = output.lowercased()
        func says(_ phrases: String...) -> Bool { phrases.contains { text.contains($0) } }
        let place = host.map { "the host `\($0)`" } ?? "`\(url)`"
        if says("no space left on device", "disk quota exceeded") {
            return failure(
                "no space left on the disk for the code", output, "give the pod more ephemeral storage", .diskPreflight)
        }
        if says("cannot run ssh", "ssh: not found", "host key verification failed") {
            return failure(
                "cannot fetch the code: ssh to \(place) does not work here", output,
                "use an https URL with CLEARML_AGENT_GIT_USER and CLEARML_AGENT_GIT_PASS, or an image with ssh and known hosts"
            )
        }
        if says("could not resolve host", "name or service not known", "temporary failure in name resolution") {
            return failure(
                "cannot fetch the code: \(place) has no address", output,
                "check the repository's URL and the cluster's DNS")
        }
        if says("certificate", "ssl") && says("certificate", "verif", "ssl_error", "self-signed", "self signed") {
            return failure(
                "cannot fetch the code: the certificate of \(place) is not trusted", output,
                "give the image the CA, or set GIT_SSL_CAINFO")
        }
        if says(
            "could not read username", "could not read password", "authentication failed", "terminal prompts disabled",
            "access denied", "permission denied (", "returned error: 401", "returned error: 403", "invalid credentials")
        {
            let advice =
                hasCredentials
                ? "the user and token that were given are not accepted: check CLEARML_AGENT_GIT_USER and CLEARML_AGENT_GIT_PASS"
                : "set CLEARML_AGENT_GIT_USER and CLEARML_AGENT_GIT_PASS (and CLEARML_AGENT_GIT_HOST) from a secret in the template"
            return failure("cannot fetch the code: \(place) asks for credentials", output, advice)
        }
        if says(
            "connection refused", "failed to connect", "couldn't connect", "connection timed out",
            "operation timed out",
            "network is unreachable", "no route to host", "connection reset", "operation too slow", "unable to connect")
        {
            return failure(
                "cannot fetch the code: \(place) cannot be reached", output,
                "check that the cluster may connect to it (network policy, proxy)")
        }
        if says("not found", "does not appear to be a git repository", "does not exist", "no such file or directory") {
            return failure(
                "cannot fetch the code: the repository `\(url)` does not exist", output, "check `script.repository`")
        }
        return failure("cannot fetch the code from `\(url)`", output, "see git's own words")
    }

    /// A commit, tag or branch that is not there.
    static func ofRevision(_ what: String, url: String, output: String) -> ExecutionFailure {
        failure(
            "\(what) does not exist in `\(url)`", output,
            "push it, or clone the task and choose another: commits that only exist on somebody's machine cannot be run"
        )
    }

    /// Changes that do not apply: names the file and the place.
    static func ofChanges(_ output: String) -> ExecutionFailure {
        var places: [String] = []
        for line in output.split(separator: "\n") {
            guard line.hasPrefix("error: ") else { continue }
            let words = line.dropFirst(7)
            if words.hasPrefix("patch failed: ") {
                let place = words.dropFirst(14)
                let colon = place.lastIndex(of: ":")
                let file = colon.map { place[..<$0] } ?? place
                places.append("`\(file)`" + (colon.map { " at line \(place[place.index(after: $0)...])" } ?? ""))
            } else if let colon = words.firstIndex(of: ":"), !words.hasSuffix("patch does not apply") {
                places.append("`\(words[..<colon])`\(words[colon...])")
            } else if !words.hasSuffix("patch does not apply") {
                places.append(String(words))
            }
        }
        let where_ = places.isEmpty ? "" : ": " + places.prefix(5).joined(separator: ", ")
        return failure(
            "the uncommitted changes do not apply\(where_)", output,
            "they belong to another commit: run the task again from a clean or pushed state")
    }

    private static func failure(
        _ reason: String, _ output: String, _ advice: String, _ code: ExitCode = .codeFetch
    ) -> ExecutionFailure {
        let said = output.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }.suffix(6).joined(
            separator: "\n")
        return ExecutionFailure(code: code, reason: reason, message: said.isEmpty ? advice : "\(advice)\n\(said)")
    }
}
