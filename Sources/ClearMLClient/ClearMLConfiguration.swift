public import HTTP
import OS

/// Which server to talk to, and as whom.
public struct ClearMLConfiguration: Sendable {
    /// The API server: scheme, host, port, perhaps a path; without a slash at the end.
    public var apiHost: String
    /// The key.
    public var accessKey: Secret<String>
    /// Its secret.
    public var secretKey: Secret<String>
    /// For the transport to that server.
    public var tls: TLSOptions
    /// Sent as `X-Clearml-Worker`: the default worker of events, and the "last used from" of the key.
    public var workerName: String?
    /// The most that one call takes, its retries and a login included; kept below 15 s, so that with a login
    /// begun by somebody else (at most 4 s) no call lasts 20 s.
    public var callLimit: Duration

    /// A configuration with the given parts.
    public init(
        apiHost: String, accessKey: Secret<String>, secretKey: Secret<String>, tls: TLSOptions = .init(),
        workerName: String? = nil, callLimit: Duration = .seconds(10)
    ) {
        var host = apiHost
        while host.hasSuffix("/") { host.removeLast() }
        self.apiHost = host
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.tls = tls
        self.workerName = workerName
        self.callLimit = min(callLimit, .seconds(15))
    }

    /// The names of the environment's variables.
    public enum Variable {
        /// The API server's URL.
        public static let apiHost = "CLEARML_API_HOST"
        /// The key.
        public static let accessKey = "CLEARML_API_ACCESS_KEY"
        /// Its secret.
        public static let secretKey = "CLEARML_API_SECRET_KEY"
        /// `0` or `false` accepts any certificate.
        public static let verifyCertificate = "CLEARML_API_HOST_VERIFY_CERT"
        /// Files with the roots to trust; the first that is set counts.
        public static let certificateFiles = ["CLEARML_CA_FILE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"]
    }

    /// Reads the configuration out of `environment`; all that is missing or wrong comes in one error.
    public static func load(
        environment: [String: String], workerName: String? = nil
    ) throws(ClearMLConfigurationError) -> ClearMLConfiguration {
        var problems: [String] = []
        func required(_ name: String) -> String {
            if let value = environment[name], !value.isEmpty { return value }
            problems.append("\(name) is not set")
            return ""
        }
        let apiHost = required(Variable.apiHost)
        let accessKey = required(Variable.accessKey)
        let secretKey = required(Variable.secretKey)
        if !apiHost.isEmpty, let problem = problem(ofHost: apiHost) {
            problems.append("\(Variable.apiHost): \(problem)")
        }
        var tls = TLSOptions()
        do throws(ClearMLConfigurationError) { tls = try self.tls(environment: environment) } catch {
            problems += error.problems
        }
        if !problems.isEmpty { throw ClearMLConfigurationError(problems: problems) }
        return ClearMLConfiguration(
            apiHost: apiHost, accessKey: Secret(accessKey), secretKey: Secret(secretKey), tls: tls,
            workerName: workerName)
    }

    /// Whom `environment` says to trust: the variables of `Variable.certificateFiles`, else the system's roots.
    public static func tls(environment: [String: String]) throws(ClearMLConfigurationError) -> TLSOptions {
        if let verify = environment[Variable.verifyCertificate], ["0", "false", "no"].contains(verify.lowercased()) {
            return TLSOptions(trust: .insecureAnyCertificate)
        }
        for name in Variable.certificateFiles {
            guard let path = environment[name], !path.isEmpty else { continue }
            do throws(OSError) { return TLSOptions(trust: .pem(try Files.read(path, limit: 16 << 20))) } catch {
                throw ClearMLConfigurationError(problems: ["\(name): \(error)"])
            }
        }
        return TLSOptions()
    }

    /// Why `host` cannot be an API server's address; `nil` when it can.
    public static func problem(ofHost host: String) -> String? {
        let lower = host.lowercased()
        guard let scheme = ["https://", "http://"].first(where: lower.hasPrefix) else {
            return "`\(host.contains("@") ? "•••" : host)` is no http:// or https:// URL"
        }
        let rest = host.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if authority.contains("@") { return "the URL carries a user name or password: use the key variables instead" }
        if authority.isEmpty { return "`\(host)` names no host" }
        if rest.contains(where: { $0 == "?" || $0 == "#" || $0.isWhitespace }) {
            return "`\(host)` has more than scheme, host, port and path"
        }
        return nil
    }
}

/// What is missing or wrong in the environment, all at once.
public struct ClearMLConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One line for each.
    public let problems: [String]

    /// An error with these problems.
    public init(problems: [String]) { self.problems = problems }

    /// The lines.
    public var description: String { problems.joined(separator: "\n") }
}
