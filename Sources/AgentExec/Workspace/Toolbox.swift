import Glibc
import OS
import Supervisor

/// Finds the programs that the executor needs: in its own bundle, else on the image's `PATH`.
struct Toolbox: Sendable {
    /// The folder two levels above this program, when it lies in a `bin`: `/opt/glue`.
    let bundle: String?
    private let path: String?

    /// Looks from where this program lies.
    init(path: String?, executable: String? = Toolbox.ownPath()) {
        self.path = path
        var parts = (executable ?? "").split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 2, parts.popLast() != nil, parts.popLast() == "bin" else {
            bundle = nil
            return
        }
        bundle = parts.joined(separator: "/")
    }

    /// The program `name`: the bundle's own first, then the image's.
    func find(_ name: String) -> String? {
        for folder in [bundle, "/opt/glue"].compactMap({ $0 }) {
            if let found = ProcessSpec.find(folder + "/bin/" + name, path: nil) { return found }
        }
        return ProcessSpec.find(name, path: path)
    }

    /// What git needs in its environment to find its own parts in the bundle; nothing for the image's git.
    func gitEnvironment(for git: String) -> [String: String] {
        guard let root = bundleRoot(of: git) else { return [:] }
        var environment = [
            "GIT_EXEC_PATH": root + "/libexec/git-core", "GIT_TEMPLATE_DIR": root + "/share/git-core/templates",
        ]
        if let roots = certificates { environment["GIT_SSL_CAINFO"] = roots }
        return environment
    }

    /// The roots to trust: the image's, else the bundle's.
    var certificates: String? {
        let candidates = [
            "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
        ]
        if let found = candidates.first(where: Files.exists) { return found }
        let own = (bundle ?? "/opt/glue") + "/etc/ssl/certs/ca-certificates.crt"
        return Files.exists(own) ? own : nil
    }

    /// Where this program lies.
    static func ownPath() -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    private func bundleRoot(of program: String) -> String? {
        [bundle, "/opt/glue"].compactMap { $0 }.first {
            program.hasPrefix($0 + "/bin/") && Files.exists($0 + "/libexec/git-core")
        }
    }
}
