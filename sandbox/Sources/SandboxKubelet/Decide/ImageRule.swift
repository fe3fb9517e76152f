internal import OS

/// What becomes of an image by its name: there is no registry, so names stand for its answers.
enum ImageRule: Sendable, Equatable {
    /// This machine's root filesystem.
    case present
    /// The name is no image name.
    case invalidName(String)
    /// The registry refuses, with this message.
    case refused(String)

    /// Reads the name.
    init(_ image: String) {
        if let problem = Self.problem(image) {
            self = .invalidName(
                "Failed to apply default image tag \"\(image)\": couldn't parse image name \"\(image)\": invalid reference format\(problem)"
            )
            return
        }
        let reference = Self.reference(image)
        let start = "failed to pull and unpack image \"\(reference)\": failed to resolve reference \"\(reference)\": "
        let host = reference.split(separator: "/").first.map(String.init) ?? ""
        if image.contains("does-not-exist") {
            self = .refused(start + "\(reference): not found: manifest unknown")
        } else if image.contains("denied") {
            self = .refused(
                start
                    + "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://\(host)/token: 401 Unauthorized: pull access denied"
            )
        } else if image.contains("unreachable") {
            self = .refused(
                start + "failed to do request: Head \"https://\(host)/v2/\": dial tcp: lookup \(host): i/o timeout")
        } else {
            self = .present
        }
    }

    /// The name with the registry and the tag that it leaves out.
    static func reference(_ image: String) -> String {
        let parts = image.split(separator: "/", omittingEmptySubsequences: false)
        let hasHost = parts.count > 1 && (parts[0].contains(".") || parts[0].contains(":") || parts[0] == "localhost")
        var name = hasHost ? image : parts.count > 1 ? "docker.io/\(image)" : "docker.io/library/\(image)"
        let last = name.split(separator: "/").last ?? ""
        if !last.contains(":"), !last.contains("@") { name += ":latest" }
        return name
    }

    private static func problem(_ image: String) -> String? {
        if image.isEmpty { return "" }
        var repository = Substring(image)
        if let at = repository.firstIndex(of: "@") { repository = repository[..<at] }
        let lastSlash = repository.lastIndex(of: "/") ?? repository.startIndex
        if let colon = repository[lastSlash...].firstIndex(of: ":") {
            let tag = repository[repository.index(after: colon)...]
            repository = repository[..<colon]
            let good = tag.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
            if tag.isEmpty || tag.count > 128 || !good {
                let shown =
                    repository.contains { $0.isUppercase }
                    ? ": repository name (library/\(repository)) must be lowercase" : ""
                return shown
            }
        }
        if repository.contains(where: { $0.isUppercase }) {
            return ": repository name (library/\(repository)) must be lowercase"
        }
        let good = repository.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-/:".contains($0)) }
        let separated = repository.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            guard let first = part.first, let last = part.last else { return false }
            return (first.isLetter || first.isNumber) && (last.isLetter || last.isNumber)
        }
        return good && separated ? nil : ""
    }
}
