internal import Dispatch
internal import Glibc
internal import Synchronization

/// A thread that lives as long as the process and starts every container.
///
/// bubblewrap's `--die-with-parent` is the kernel's parent-death signal, which is sent when the *thread* that started it
/// ends: a thread of a pool ends when it is idle, and would take its containers with it.
final class SpawnThread: Sendable {
    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let arrived = DispatchSemaphore(value: 0)

    /// The one of this process.
    static let shared = SpawnThread()

    private init() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let failure = pthread_create(
            &thread, nil,
            { context in
                // pthread_create hands on the pointer that it was given, which is never null here.
                guard let context else { return nil }
                Unmanaged<SpawnThread>.fromOpaque(context).takeUnretainedValue().loop()
                return nil
            }, context)
        precondition(failure == 0, "no thread for starting containers: error \(failure)")
        pthread_detach(thread)
    }

    private func loop() {
        while true {
            arrived.wait()
            let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            job?()
        }
    }

    /// Runs `work` on the thread. The queue is bounded by the containers a node takes.
    func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async -> T {
        await withCheckedContinuation { continuation in
            jobs.withLock { $0.append { continuation.resume(returning: work()) } }
            arrived.signal()
        }
    }
}
