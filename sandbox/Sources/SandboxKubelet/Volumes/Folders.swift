internal import Glibc

/// Folders, with all that is in them.
enum Folders {
    /// Removes `path` and everything beneath; links are removed, not followed. What cannot be removed stays.
    static func remove(_ path: String) {
        if unlink(path) == 0 || errno == ENOENT { return }
        for (name, _) in RootFilesystem.Machine.real.entries(path) { remove("\(path)/\(name)") }
        rmdir(path)
    }
}
