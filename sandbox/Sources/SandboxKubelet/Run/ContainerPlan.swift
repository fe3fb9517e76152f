internal import Glibc
internal import JSON
internal import OS

/// One attempt at a container: its folder, its command, and bubblewrap's options.
struct ContainerPlan: Sendable {
    let folder: String
    let log: String
    let terminationLog: String
    let options: [String]
    let command: [String]
    let memoryLimit: Int64?

    /// Where the log of a container's attempt is.
    static func log(_ podFolder: String, _ container: String, attempt: Int) -> String {
        "\(podFolder)/containers/\(container)/\(attempt).log"
    }

    /// Prepares the attempt: resolves what the pod refers to and makes the private folders.
    init(
        _ container: JSONValue, of pod: JSONValue, on node: Node, volumes: [String: String], attempt: Int
    ) async throws(ContainerProblem) {
        let podFolder = node.folder(of: pod)
        let home = node.configuration.home
        folder = "\(podFolder)/containers/\(container.containerName)"
        log = Self.log(podFolder, container.containerName, attempt: attempt)
        terminationLog = "\(folder)/termination-log-\(attempt)"
        let userOptions = try Self.user(container, pod)
        let environment = try await ContainerEnvironment(
            pod: pod, objects: ObjectReader(api: node.api, namespace: pod.podNamespace)
        ).resolve(container, home: home)
        let words = (container["command"]?.array ?? []) + (container["args"]?.array ?? [])
        command = words.map { Expansion.expand($0.string ?? "", environment) }
        guard !command.isEmpty else {
            throw ContainerProblem(
                reason: "CreateContainerError", message: "failed to generate container spec: no command specified")
        }
        var mounts = try Self.volumeMounts(container, environment, volumes)
        do throws(OSError) {
            let empty = "\(podFolder)/hidden"
            try Files.makeFolder(empty, mode: 0o700)
            // Several names for what an image would have as its own writable folders.
            for (name, target) in [("tmp", "/tmp"), ("var-tmp", "/var/tmp"), ("home", home)] {
                let path = "\(folder)/\(name)"
                try Files.makeFolder(path)
                chmod(path, name == "home" ? 0o755 : 0o1777)
                mounts.insert(Mount(target: target, source: path, isWritable: true), at: 0)
            }
            try Files.write([], to: terminationLog, mode: 0o666)
            chmod(terminationLog, 0o666)
            let state = node.configuration.stateFolder
            if !["/tmp/", "/var/tmp/", home + "/"].contains(where: { state.hasPrefix($0) }) {
                mounts.insert(Mount(target: state, source: empty, isWritable: false), at: 0)
            }
        } catch {
            throw ContainerProblem(reason: "CreateContainerError", message: error.description)
        }
        mounts += node.configuration.binds.map {
            Mount(target: $0.mountPath, source: $0.hostPath, isWritable: $0.isWritable)
        }
        mounts.append(
            Mount(
                target: container["terminationMessagePath"]?.string ?? "/dev/termination-log", source: terminationLog,
                isWritable: true))
        let workingFolder = container["workingDir"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? "/"
        if !Files.exists(workingFolder), !mounts.contains(where: { (workingFolder + "/").hasPrefix($0.target + "/") }) {
            // A runtime makes the working directory where an image lacks it.
            let path = "\(folder)/working-folder"
            do throws(OSError) { try Files.makeFolder(path) } catch {
                throw ContainerProblem(reason: "CreateContainerError", message: error.description)
            }
            mounts.append(Mount(target: workingFolder, source: path, isWritable: true))
        }
        var options = [
            "--unshare-pid", "--as-pid-1", "--unshare-ipc", "--unshare-uts", "--hostname",
            String(pod.podName.prefix(63)),
            "--die-with-parent",
        ]
        options += userOptions
        options += RootFilesystem(mounts: mounts, machine: .real).options()
        if Scheduling.requests(of: pod)["nvidia.com/gpu"] ?? 0 > 0 {
            for (name, _) in RootFilesystem.Machine.real.entries("/dev") where name.hasPrefix("nvidia") {
                options += ["--dev-bind-try", "/dev/\(name)", "/dev/\(name)"]
            }
        }
        options.append("--clearenv")
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) { options += ["--setenv", name, value] }
        options += ["--chdir", workingFolder]
        self.options = options
        memoryLimit = container.at("resources", "limits", "memory")?.string.flatMap { Quantity($0) }.map {
            Int64($0.value)
        }
    }

    private static func volumeMounts(
        _ container: JSONValue, _ environment: [String: String], _ volumes: [String: String]
    ) throws(ContainerProblem) -> [Mount] {
        var result: [Mount] = []
        for mount in container["volumeMounts"]?.array ?? [] {
            let name = mount["name"]?.string ?? ""
            guard var source = volumes[name], let target = mount["mountPath"]?.string else {
                throw ContainerProblem(
                    reason: "CreateContainerConfigError", message: "cannot find volume \"\(name)\" to mount")
            }
            let below =
                mount["subPath"]?.string ?? mount["subPathExpr"]?.string.map { Expansion.expand($0, environment) } ?? ""
            if !below.isEmpty {
                guard !below.hasPrefix("/"), !below.split(separator: "/").contains("..") else {
                    throw ContainerProblem(
                        reason: "CreateContainerConfigError",
                        message: "subPath \"\(below)\" must stay inside the volume")
                }
                source += "/" + below
                if !Files.exists(source) {
                    do throws(OSError) { try Files.makeFolder(source) } catch {
                        throw ContainerProblem(
                            reason: "CreateContainerConfigError",
                            message: "failed to create subPath directory for volumeMount \"\(name)\": \(error)")
                    }
                }
            }
            result.append(Mount(target: target, source: source, isWritable: mount["readOnly"]?.bool != true))
        }
        return result
    }

    private static func user(_ container: JSONValue, _ pod: JSONValue) throws(ContainerProblem) -> [String] {
        func setting(_ name: String) -> JSONValue? {
            container.at("securityContext", name) ?? pod.at("spec", "securityContext", name)
        }
        let own = Int(geteuid())
        let user = setting("runAsUser")?.int
        if setting("runAsNonRoot")?.bool == true, (user ?? own) == 0 {
            let what =
                user == nil
                ? "container has runAsNonRoot and image will run as root"
                : "container's runAsUser breaks non-root policy"
            throw ContainerProblem(
                reason: "CreateContainerConfigError",
                message:
                    "\(what) (pod: \"\(pod.podName)_\(pod.podNamespace)(\(pod.podUID))\", container: \(container.containerName))"
            )
        }
        guard let user, user != own else { return [] }
        let group = setting("runAsGroup")?.int ?? 0
        return ["--unshare-user", "--uid", String(user), "--gid", String(group)]
    }

    /// What the container left as its message.
    func terminationMessage(_ container: JSONValue, failed: Bool) -> String? {
        let own = LogFile.head(terminationLog, bytes: 4096)
        if !own.isEmpty { return String(decoding: own, as: UTF8.self) }
        guard failed, container["terminationMessagePolicy"]?.string == "FallbackToLogsOnError" else { return nil }
        return LogFile.fallbackMessage(log)
    }
}
