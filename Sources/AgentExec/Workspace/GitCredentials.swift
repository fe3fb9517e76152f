import HTTP

/// User and password for git, and the host that may have them. They travel in the environment of git alone, and out of
/// it through its askpass, which is this program: never in an argument, a URL or a file.
struct GitCredentials: Sendable {
    /// The user.
    var user: Secret<String>?
    /// The password or token.
    var password: Secret<String>?
    /// The only host that gets them; `nil`: the repository's.
    var host: String?
    /// The host of the task's repository.
    var repositoryHost: String?

    /// As the stock agent's variables say.
    init(environment: [String: String]) {
        user = environment["CLEARML_AGENT_GIT_USER"].nonEmpty.map { Secret($0) }
        password = environment["CLEARML_AGENT_GIT_PASS"].nonEmpty.map { Secret($0) }
        host = environment["CLEARML_AGENT_GIT_HOST"].nonEmpty
    }

    /// Whether there is a password for `host`.
    func answers(for host: String) -> Bool {
        password != nil && !host.isEmpty && (self.host == nil || self.host == host)
    }

    /// With what stood in the repository's URL: it is nearer to the task, so it wins.
    func including(_ address: GitURL) -> GitCredentials {
        var result = self
        result.repositoryHost = address.host
        if let user = address.user {
            result.user = Secret(user)
            result.password = address.password ?? Secret("x-oauth-basic")
            result.host = address.host
        }
        return result
    }

    /// What makes `program` git's askpass.
    func askpassEnvironment(program: String?) -> [String: String] {
        guard let program, let password, let host = host ?? repositoryHost else { return [:] }
        return [
            "GIT_ASKPASS": program, ExecutorConfiguration.Variable.askpassHost: host,
            ExecutorConfiguration.Variable.askpassUser: user?.reveal() ?? "git",
            ExecutorConfiguration.Variable.askpassPassword: password.reveal(),
        ]
    }

    /// As askpass: the answer to git's `prompt` (`Password for 'https://user@host': `), or `nil` for another host.
    static func answer(to prompt: String, environment: [String: String]) -> Secret<String>? {
        guard let host = environment[ExecutorConfiguration.Variable.askpassHost],
            let url = prompt.split(separator: "'").dropFirst().first, GitURL(String(url)).host == host
        else { return nil }
        let name =
            prompt.hasPrefix("Username")
            ? ExecutorConfiguration.Variable.askpassUser : ExecutorConfiguration.Variable.askpassPassword
        return environment[name].map { Secret($0) }
    }
}
