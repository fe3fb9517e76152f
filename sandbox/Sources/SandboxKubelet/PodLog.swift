internal import Glibc
internal import OS
public import SandboxKube

extension Kubelet {
    /// The log of a container, for the cluster's API.
    public func podLog(namespace: String, pod: String, container: String, options: PodLogOptions) async -> PodLogReply {
        func refused(_ message: String) -> PodLogReply {
            .refused(KubeRefusal(code: 400, reason: "BadRequest", message: message))
        }
        if options.timestamps || options.sinceSeconds != nil || options.sinceTime != nil {
            return refused(
                "the sandbox keeps no time for each line: ask without timestamps, sinceSeconds and sinceTime")
        }
        guard let log = log(namespace, pod, container, previous: options.previous) else {
            let what = options.previous ? "previous terminated container" : "container"
            return refused("\(what) \"\(container)\" in pod \"\(pod)\" not found")
        }
        let file = open(log.path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            return .refused(
                KubeRefusal(
                    code: 500, reason: "InternalError", message: OSError("open", log.path, code: errno).description))
        }
        if let lines = options.tailLines { Self.seek(file, toLast: lines) }
        let follow = options.follow
        let reader = LogReader(file: file, left: options.limitBytes) { follow && log.isGrowing() }
        return .stream(AsyncThrowingStream<[UInt8], any Error>(unfolding: { await reader.next() }))
    }

    /// Places `file` before its last `lines` lines.
    private static func seek(_ file: Int32, toLast lines: Int) {
        var place = lseek(file, 0, SEEK_END)
        guard lines > 0 else { return }
        var seen = 0
        var byte: UInt8 = 0
        let end = place
        while place > 0 {
            guard pread(file, &byte, 1, place - 1) == 1 else { break }
            if byte == UInt8(ascii: "\n"), place != end {
                seen += 1
                if seen == lines { break }
            }
            place -= 1
        }
        lseek(file, place, SEEK_SET)
    }
}

/// Reads a log as it grows. Used by one reader at a time.
private final class LogReader: Sendable {
    private let file: Int32
    private let isGrowing: @Sendable () -> Bool
    private let left: Int?

    init(file: Int32, left: Int?, isGrowing: @escaping @Sendable () -> Bool) {
        self.file = file
        self.left = left
        self.isGrowing = isGrowing
    }

    deinit { close(file) }

    /// The next bytes; `nil` at the end, or when the reader has gone.
    func next() async -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while !Task.isCancelled {
            // Asked before reading, so that what was written last is still read.
            let mayGrow = isGrowing()
            let room = left.map { max(0, $0 - Int(lseek(file, 0, SEEK_CUR))) } ?? buffer.count
            if room == 0 { return nil }
            let count = read(file, &buffer, min(buffer.count, room))
            if count > 0 { return Array(buffer[..<count]) }
            guard mayGrow else { return nil }
            await pause(.milliseconds(100))
        }
        return nil
    }
}
