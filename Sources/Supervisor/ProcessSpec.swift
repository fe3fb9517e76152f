import Glibc

/// A program to start, as a value.
public struct ProcessSpec: Sendable, Equatable {
    /// Where stdout and stderr go. They share one place, so that lines keep the order in which they were written.
    public enum Output: Sendable, Equatable {
        /// To `ChildProcess.read()`.
        case pipe
        /// To our own.
        case inherit
        /// Nowhere.
        case discard
    }

    /// The executable's path, absolute or relative to `workingDirectory`; `PATH` is not searched (see `find`).
    public var executable: String
    /// The arguments after the program's own name.
    public var arguments: [String]
    /// The whole environment; nothing is inherited.
    public var environment: [String: String]
    /// Where it starts; `nil` stays where we are.
    public var workingDirectory: String?
    /// Where its output goes.
    public var output: Output
    /// What is left of its process group is killed once the program itself has ended.
    public var killsGroupAtEnd: Bool
    /// It is killed when we die. Off only for programs that must outlive us.
    public var diesWithUs: Bool

    /// A program with the given parts; its input is empty.
    public init(
        executable: String, arguments: [String] = [], environment: [String: String], workingDirectory: String? = nil,
        output: Output = .pipe, killsGroupAtEnd: Bool = true, diesWithUs: Bool = true
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.output = output
        self.killsGroupAtEnd = killsGroupAtEnd
        self.diesWithUs = diesWithUs
    }

    /// The executable that a shell would start for `name` with this `PATH`; a name with a slash is taken as it is.
    public static func find(_ name: String, path: String?) -> String? {
        guard !name.contains("/") else { return isExecutable(name) ? name : nil }
        guard !name.isEmpty else { return nil }
        for folder in (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") {
            let candidate = folder + "/" + name
            if isExecutable(String(candidate)) { return String(candidate) }
        }
        return nil
    }

    private static func isExecutable(_ path: String) -> Bool {
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return false }
        return access(path, X_OK) == 0
    }
}

/// How a program ended.
public enum ProcessExit: Sendable, Equatable, CustomStringConvertible {
    /// By itself, with this code.
    case exited(Int32)
    /// By this signal.
    case signalled(Int32)
    /// Somebody else has reaped it, or it outlived its own kill (stuck in the kernel): nobody knows.
    case unknown

    /// The code as a shell has it: 128 + n for signal n.
    public var shellCode: Int32 {
        switch self {
        case .exited(let code): code
        case .signalled(let signal): 128 + signal
        case .unknown: 255
        }
    }

    /// `exit code 3`, `signal 9`.
    public var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signalled(let signal): "signal \(signal)"
        case .unknown: "an unknown end"
        }
    }
}

/// How to end a program: signals to its whole group, each with time to act on it. After the last step comes KILL, always.
public struct TeardownPlan: Sendable, Equatable {
    /// One signal, and how long to wait for the end before the next.
    public struct Step: Sendable, Equatable {
        /// The signal's number.
        public var signal: Int32
        /// How long to wait.
        public var wait: Duration

        /// A step.
        public init(signal: Int32, wait: Duration) {
            self.signal = signal
            self.wait = wait
        }
    }

    /// The steps before KILL.
    public var steps: [Step]

    /// A plan of these steps, and KILL.
    public init(steps: [Step]) { self.steps = steps }

    /// TERM, this long, KILL.
    public static func terminate(grace: Duration) -> TeardownPlan {
        TeardownPlan(steps: [Step(signal: SIGTERM, wait: grace)])
    }
}

/// Why a program could not be started or looked after.
public enum SupervisorError: Error, Sendable, Equatable, CustomStringConvertible {
    /// It could not be started: at which step, and the `errno`.
    case start(executable: String, step: String, code: Int32)
    /// Something the loop needs from the kernel was refused.
    case system(call: String, code: Int32)
    /// The supervisor has been stopped.
    case stopped

    /// The `errno`, if one is behind it.
    public var code: Int32 {
        switch self {
        case .start(_, _, let code), .system(_, let code): code
        case .stopped: 0
        }
    }

    /// `cannot start /usr/bin/x: exec: No such file or directory`.
    public var description: String {
        switch self {
        case .start(let executable, let step, let code):
            "cannot start `\(executable)`: \(step): \(String(cString: strerror(code)))"
        case .system(let call, let code): "cannot supervise processes: \(call): \(String(cString: strerror(code)))"
        case .stopped: "the supervisor has been stopped"
        }
    }
}
