/// pip's settings for uv and uv's for pip: a template that sets one set is understood by both. Pure.
enum InstallerEnvironment {
    /// Whether no index may be asked. uv has no variable for it, so it is said to it as an option.
    static func forbidsIndex(_ environment: [String: String]) -> Bool {
        ["PIP_NO_INDEX", "UV_NO_INDEX"].contains { name in
            environment[name].nonEmpty.map { !["0", "false", "no"].contains($0.lowercased()) } ?? false
        }
    }

    /// `environment` with what the other tool's variables say, where its own say nothing.
    static func completed(_ environment: [String: String]) -> [String: String] {
        var result = environment
        func carry(_ from: [String], _ to: [String], _ change: (String) -> String = { $0 }) {
            guard to.allSatisfy({ result[$0].nonEmpty == nil }) else { return }
            if let value = from.lazy.compactMap({ environment[$0].nonEmpty }).first { result[to[0]] = change(value) }
        }
        let commas = { (text: String) in text.split(whereSeparator: \.isWhitespace).joined(separator: ",") }
        let blanks = { (text: String) in text.split(separator: ",").joined(separator: " ") }
        carry(["PIP_INDEX_URL"], ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
        carry(["PIP_EXTRA_INDEX_URL"], ["UV_EXTRA_INDEX_URL", "UV_INDEX"])
        carry(["PIP_FIND_LINKS"], ["UV_FIND_LINKS"], commas)
        carry(["PIP_TRUSTED_HOST"], ["UV_INSECURE_HOST"])
        carry(["PIP_CERT"], ["SSL_CERT_FILE"])
        carry(["UV_DEFAULT_INDEX", "UV_INDEX_URL"], ["PIP_INDEX_URL"])
        carry(["UV_EXTRA_INDEX_URL", "UV_INDEX"], ["PIP_EXTRA_INDEX_URL"])
        carry(["UV_FIND_LINKS"], ["PIP_FIND_LINKS"], blanks)
        carry(["UV_INSECURE_HOST"], ["PIP_TRUSTED_HOST"])
        return result
    }
}
