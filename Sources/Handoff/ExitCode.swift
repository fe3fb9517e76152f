/// What `agent-exec` exits with (see `docs/exit-codes.md`). 1–63 are the user's own, 128+n a signal.
///
/// A bare code proves nothing, user code may exit with any of these: only the verdict does.
public enum ExitCode: Int32, Sendable, CaseIterable {
    /// The task completed, or was aborted as asked.
    case success = 0
    /// A fault of agent-exec itself.
    case executor = 64
    /// The environment could not be built.
    case environment = 65
    /// The code could not be fetched.
    case codeFetch = 66
    /// Data could not be fetched.
    case dataFetch = 67
    /// The task is not ours, or no longer: nothing was touched.
    case notOurs = 68
    /// The ClearML server could not be reached.
    case serverUnreachable = 69
    /// The GPUs are not fit.
    case gpuPreflight = 70
    /// Disk or shared memory is not fit.
    case diskPreflight = 71
    /// A process of the task was killed for memory.
    case memoryKill = 72
    /// The task saved its state and asks to be run again.
    case runAgain = 75
}

/// The steps of an execution, in order; the names stand in the console, the verdict and the runtime.
public enum Phase: String, Sendable, CaseIterable {
    /// Passing the start gate.
    case gate
    /// Reading the task.
    case fetch
    /// Getting the code.
    case workspace
    /// Building the Python environment.
    case environment
    /// The user's code runs.
    case run
    /// Telling the server.
    case report
}
