import JSON

/// How `kubectl get pods` sums up a pod.
struct PodSummary {
    var ready = 0
    var total = 0
    var restarts = 0
    var status = ""

    init(_ pod: JSONValue) {
        total = pod.list("spec", "containers").count
        status = pod.string("status", "reason") ?? pod.phase
        let initial = pod.list("status", "initContainerStatuses")
        var isInitializing = false
        for (place, container) in initial.enumerated() {
            restarts += container.int("restartCount") ?? 0
            let state = container["state"] ?? [:]
            if state.int("terminated", "exitCode") == 0 || container["started"]?.bool == true { continue }
            if state["terminated"]?.object != nil {
                status = "Init:" + (state.string("terminated", "reason") ?? "ExitCode")
            } else if let reason = state.string("waiting", "reason"), reason != "PodInitializing" {
                status = "Init:\(reason)"
            } else {
                status = "Init:\(place)/\(pod.list("spec", "initContainers").count)"
            }
            isInitializing = true
            break
        }
        if !isInitializing {
            for container in pod.list("status", "containerStatuses").reversed() {
                restarts += container.int("restartCount") ?? 0
                if container["ready"]?.bool == true { ready += 1 }
                let state = container["state"] ?? [:]
                if let reason = state.string("waiting", "reason") {
                    status = reason
                } else if state["terminated"]?.object != nil {
                    status =
                        state.string("terminated", "reason") ?? "ExitCode:\(state.int("terminated", "exitCode") ?? 0)"
                }
            }
        }
        if pod.isDeleting, !pod.isTerminalPod {
            status = pod.string("status", "reason") == "NodeLost" ? "Unknown" : "Terminating"
        }
    }
}
