internal import JSON
internal import OS

/// The life of a pod in order: volumes, init containers, containers, end. Cancelled when the pod is ended from outside.
struct PodScript: Sendable {
    let worker: PodWorker

    private var pod: JSONValue { worker.pod }
    private var node: Node { worker.node }

    /// Runs it to the end.
    func run() async {
        worker.update { _ in }
        guard let volumes = await prepareVolumes() else { return }
        worker.update { $0.sandboxReady = true }
        await withTaskGroup(of: Void.self) { sidecars in
            var started: [String] = []
            for container in pod.initContainers {
                let runner = ContainerRunner(container: container, isInit: true, worker: worker, volumes: volumes)
                if container.isSidecar {
                    started.append(container.containerName)
                    sidecars.addTask { await runner.run(policy: "Always") }
                    await waitUntilStarted(container.containerName)
                } else {
                    await runner.run(policy: pod.restartPolicy == "Never" ? "Never" : "OnFailure")
                    guard worker.progress.inits[container.containerName]?.end?.exitCode == 0, !Task.isCancelled else {
                        return await end(started, &sidecars)
                    }
                }
            }
            worker.update { progress in
                for container in pod.containers {
                    progress.mains[container.containerName]?.state = .waiting(reason: "ContainerCreating", message: nil)
                }
            }
            await withTaskGroup(of: Void.self) { mains in
                for container in pod.containers {
                    let runner = ContainerRunner(container: container, isInit: false, worker: worker, volumes: volumes)
                    mains.addTask { await runner.run(policy: pod.restartPolicy) }
                }
            }
            await end(started, &sidecars)
        }
    }

    private func prepareVolumes() async -> [String: String]? {
        let volumes = Volumes(
            pod: pod, objects: ObjectReader(api: node.api, namespace: pod.podNamespace), folder: node.folder(of: pod),
            claims: node.configuration.stateFolder + "/claims")
        while !Task.isCancelled {
            do throws(VolumeProblem) {
                return try await volumes.prepare()
            } catch {
                await node.events.record(pod, warning: true, "FailedMount", error.message)
                await pause(node.configuration.retryInterval)
            }
        }
        return nil
    }

    private func waitUntilStarted(_ name: String) async {
        while !Task.isCancelled, worker.progress.inits[name]?.isRunning != true,
            worker.progress.inits[name]?.last == nil
        {
            await pause(.milliseconds(10))
        }
    }

    /// Sidecars outlive the containers and are then terminated.
    private func end(_ started: [String], _ sidecars: inout TaskGroup<Void>) async {
        sidecars.cancelAll()
        for name in started {
            guard let process = worker.live(name) else { continue }
            await node.events.record(
                pod, field: "spec.initContainers{\(name)}", "Killing", "Stopping container \(name)")
            process.terminate(grace: .seconds(pod.at("spec", "terminationGracePeriodSeconds")?.integer ?? 30))
        }
        await sidecars.waitForAll()
    }
}
