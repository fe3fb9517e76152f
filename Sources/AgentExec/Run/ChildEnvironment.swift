import Handoff

/// The environment of the processes we start. Pure.
enum ChildEnvironment {
    /// What the user's code gets.
    /// - Parameters:
    ///   - base: ours, as it was at the start.
    ///   - folders: for `PYTHONPATH`, before what is there.
    ///   - virtual: the virtual environment, if there is one.
    ///   - home: used when the container has none.
    static func ofTask(
        base: [String: String], taskID: String, worker: String, configurationFile: String, folders: [String],
        virtual: String?, home: String
    ) -> [String: String] {
        var environment = base.filter { !isPrivate($0.key) }
        environment["HOME"] = usableHome(base, else: home)
        environment["CLEARML_TASK_ID"] = taskID
        environment["CLEARML_CONFIG_FILE"] = configurationFile
        // The console is the executor's to send; the SDK would send every line a second time.
        environment["CLEARML_LOG_TASK_TO_BACKEND"] = "0"
        environment["CLEARML_LOG_LEVEL"] = environment["CLEARML_LOG_LEVEL"] ?? "INFO"
        environment["CLEARML_WORKER_ID"] = worker
        for (name, value) in environment where name.hasPrefix("CLEARML_") {
            environment["TRAINS_" + name.dropFirst(8)] = value
        }
        environment["PYTHONUNBUFFERED"] = "1"
        environment["PYTHONIOENCODING"] = environment["PYTHONIOENCODING"] ?? "utf-8"
        environment["CUDA_DEVICE_ORDER"] = environment["CUDA_DEVICE_ORDER"] ?? "PCI_BUS_ID"
        if let devices = environment["CUDA_VISIBLE_DEVICES"], environment["NVIDIA_VISIBLE_DEVICES"] == nil {
            environment["NVIDIA_VISIBLE_DEVICES"] = devices
        }
        var path = folders
        if let inherited = environment["PYTHONPATH"].nonEmpty { path.append(inherited) }
        if !path.isEmpty { environment["PYTHONPATH"] = path.joined(separator: ":") }
        if let virtual {
            environment["VIRTUAL_ENV"] = virtual
            environment["PATH"] = virtual + "/bin:" + (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")
            environment["PYTHONHOME"] = nil
        }
        return environment
    }

    /// What git, uv and pip get: no key of the server's, nothing of ours.
    /// - Parameter home: used when the container has none.
    static func ofTools(base: [String: String], home: String) -> [String: String] {
        var environment = base.filter { !isPrivate($0.key) && !isServerKey($0.key) }
        environment["HOME"] = usableHome(base, else: home)
        // Messages are read by us: in English.
        environment["LC_ALL"] = "C.UTF-8"
        environment["PYTHONUNBUFFERED"] = "1"
        return environment
    }

    /// A user without an entry in the image's passwd gets `/`, which is nobody's home.
    private static func usableHome(_ base: [String: String], else home: String) -> String {
        base["HOME"].nonEmpty.flatMap { $0 == "/" ? nil : $0 } ?? home
    }

    /// Ours alone: the handoff, what git gets by another way, and marks of processes around us.
    private static func isPrivate(_ name: String) -> Bool {
        if name.hasPrefix("GLUE_") { return true }
        return [
            "CLEARML_AGENT_GIT_USER", "CLEARML_AGENT_GIT_PASS", "TRAINS_AGENT_GIT_USER", "TRAINS_AGENT_GIT_PASS",
            // The SDK would take itself for a process spawned by another that has called Task.init.
            "CLEARML_PROC_MASTER_ID", "TRAINS_PROC_MASTER_ID",
        ].contains(name)
    }

    private static func isServerKey(_ name: String) -> Bool {
        ["CLEARML_API_ACCESS_KEY", "CLEARML_API_SECRET_KEY", "CLEARML_AUTH_TOKEN"].contains(name)
            || ["TRAINS_API_ACCESS_KEY", "TRAINS_API_SECRET_KEY"].contains(name)
    }
}
