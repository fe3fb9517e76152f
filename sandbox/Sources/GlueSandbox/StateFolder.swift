import Glibc
import OS

/// The folder of a running sandbox.
enum StateFolder {
    /// The folder made, without the files of an earlier run, and its path from the root: pods and clients have other
    /// working directories.
    static func prepare(_ path: String, others: [String] = []) throws(OSError) -> String {
        try Files.makeFolder(path, mode: 0o700)
        guard let real = realpath(path, nil) else { throw OSError("find", path, code: errno) }
        defer { free(real) }
        let folder = String(cString: real)
        clear(folder, others: others)
        return folder
    }

    /// Takes away what says that something listens.
    static func clear(_ folder: String, others: [String] = []) {
        for name in ["ready.json", "kubeconfig", "ca.pem"] + others { unlink(folder + "/" + name) }
    }
}
