internal import Glibc
internal import OS

/// A program to start: its words, and the files it finds open at 0, 1, 2, 3 and 4.
struct Spawn: Sendable {
    var arguments: [String]
    var input: Int32
    var output: Int32
    var third: Int32
    var fourth: Int32

    /// Starts it in a session of its own, with an empty environment and no signal ignored or blocked.
    func start() -> Result<pid_t, OSError> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Ours are all above 4 (see `aboveStandard`), so that no copy overwrites one that is still to be copied.
        for (from, to) in [(input, 0), (output, 1), (output, 2), (third, 3), (fourth, 4)] as [(Int32, Int32)] {
            posix_spawn_file_actions_adddup2(&actions, from, to)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let newSession: Int32 = 0x80  // POSIX_SPAWN_SETSID, hidden behind _GNU_SOURCE
        posix_spawnattr_setflags(
            &attributes, Int16(newSession | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)))
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, arguments[0], &actions, &attributes, &words, &environment)
        return failure == 0 ? .success(pid) : .failure(OSError("start", arguments[0], code: failure))
    }

    /// The same file under a number above the ones that a program is given, closed on exec.
    static func aboveStandard(_ file: Int32) -> Int32 {
        guard file >= 0, file < 10 else { return file }
        let higher = fcntl(file, F_DUPFD_CLOEXEC, 10)
        close(file)
        return higher
    }
}
