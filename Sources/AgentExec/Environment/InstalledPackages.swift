import JSON

/// What a Python has, as it says itself.
struct InstalledPackages: Sendable, Equatable {
    /// Normalised name → version.
    var versions: [String: String]
    /// As lines of a requirements file, sorted.
    var lines: [String]

    /// Prints one JSON object; the first found of a name is the one that is imported.
    static let program = """
        import importlib.metadata as m, json
        found = {}
        for d in m.distributions():
            name = d.metadata['Name']
            if not name or name.lower().replace('_', '-').replace('.', '-') in found: continue
            url = d.read_text('direct_url.json')
            found[name.lower().replace('_', '-').replace('.', '-')] = [name, d.version, json.loads(url) if url else None]
        print(json.dumps(found))
        """

    /// Reads what the program printed; `nil` when that is something else (a very old Python).
    init?(_ output: String) {
        // Warnings may stand before it: both outputs are one.
        guard let line = output.split(separator: "\n").last(where: { $0.hasPrefix("{") }),
            let object = (try? JSONValue(parsing: String(line)))?.object
        else { return nil }
        versions = [:]
        lines = []
        for (_, value) in object {
            guard let name = value[0]?.string, let version = value[1]?.string else { continue }
            versions[Requirements.normalised(name)] = version
            lines.append(Self.line(name, version, value[2]))
        }
        lines.sort { $0.lowercased() < $1.lowercased() }
    }

    /// What came out of a repository is written as such: a bare version would not find it again.
    private static func line(_ name: String, _ version: String, _ origin: JSONValue?) -> String {
        guard let url = origin?["url"]?.string, let kind = origin?.at("vcs_info", "vcs")?.string,
            let commit = origin?.at("vcs_info", "commit_id")?.string
        else { return "\(name)==\(version)" }
        return "\(name) @ \(kind)+\(url)@\(commit)"
    }
}
