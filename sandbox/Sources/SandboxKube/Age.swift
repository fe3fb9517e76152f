import OS

/// Times as people read them: `5s`, `3m10s`, `2d`.
enum Age {
    static func text(since stamp: String?, now: Timestamp) -> String {
        guard let stamp, let start = Timestamp(iso: stamp) else { return "<unknown>" }
        return text(now.since(start))
    }

    static func text(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        switch seconds {
        case ..<120: return "\(seconds)s"
        case ..<600: return seconds % 60 == 0 ? "\(seconds / 60)m" : "\(seconds / 60)m\(seconds % 60)s"
        case ..<10_800: return "\(seconds / 60)m"
        case ..<28_800:
            return seconds / 60 % 60 == 0 ? "\(seconds / 3600)h" : "\(seconds / 3600)h\(seconds / 60 % 60)m"
        case ..<172_800: return "\(seconds / 3600)h"
        default: return "\(seconds / 86_400)d"
        }
    }
}
