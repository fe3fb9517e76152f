import JSON
import Logging
import OS

/// glue's log: one line an event, to standard error, as text or JSON. Secrets cannot be in it: they are `Secret`.
struct GlueLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    let label: String
    let format: LoggingSettings.Format

    /// Makes this the log of every `Logger` of the process.
    static func bootstrap(_ settings: LoggingSettings) {
        LoggingSystem.bootstrap { GlueLog(logLevel: settings.level, label: $0, format: settings.format) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        switch format {
        case .text:
            let fields = all.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.quoted("\($0.value)"))" }.joined()
            Terminal.error("\(Timestamp.now()) \(event.level.rawValue.uppercased()) \(event.message)\(fields)")
        case .json:
            var object: JSONValue = [
                "time": .string("\(Timestamp.now())"), "level": .string(event.level.rawValue),
                "message": .string("\(event.message)"), "logger": .string(label),
            ]
            for (key, value) in all.sorted(by: { $0.key < $1.key }) { object[key] = .string("\(value)") }
            Terminal.error(object.text())
        }
    }

    private static func quoted(_ value: String) -> String {
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3d }
        return isPlain ? value : JSONValue.string(value).text()
    }
}
