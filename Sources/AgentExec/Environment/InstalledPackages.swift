import JSON

/// What a Python has, as it says itself.
struct InstalledPackages: Sendable, Equatable {
    /// One of them.
    struct Package: Sendable, Equatable {
        /// Normalised.
        var name: String
        var version: String
        /// As a line of a requirements file.
        var line: String
        /// In the interpreter's own environment, not in one below it.
        var isOwn: Bool
    }

    /// Sorted by name.
    var packages: [Package]

    /// Normalised name → version.
    var versions: [String: String] {
        Dictionary(packages.map { ($0.name, $0.version) }, uniquingKeysWith: { first, _ in first })
    }

    /// What makes this environment again: what was installed into it, and what the task asked for and the image had.
    /// The image's other packages are the image's business, and may be on no index.
    func lines(keeping asked: Requirements) -> [String] {
        packages.filter { $0.isOwn || asked.contains($0.name) }.map(\.line)
    }

    /// Prints one JSON object; the first found of a name is the one that is imported.
    static let program = """
        import importlib.metadata as m, json, sys
        found = {}
        for d in m.distributions():
            name = d.metadata['Name']
            if not name or name.lower().replace('_', '-').replace('.', '-') in found: continue
            url = d.read_text('direct_url.json')
            own = str(d.locate_file('')).startswith(sys.prefix + '/')
            found[name.lower().replace('_', '-').replace('.', '-')] = [name, d.version, json.loads(url) if url else None, own]
        print(json.dumps(found))
        """

    /// Reads what the program printed; `nil` when that is something else (a very old Python).
    init?(_ output: String) {
        // Warnings may stand before it: both outputs are one.
        guard let line = output.split(separator: "\n").last(where: { $0.hasPrefix("{") }),
            let object = (try? JSONValue(parsing: String(line)))?.object
        else { return nil }
        packages = object.compactMap { _, value in
            guard let name = value[0]?.string, let version = value[1]?.string else { return nil }
            return Package(
                name: Requirements.normalised(name), version: version, line: Self.line(name, version, value[2]),
                isOwn: value[3]?.bool ?? true)
        }
        packages.sort { $0.name < $1.name }
    }

    /// What came out of a repository is written as such: a bare version would not find it again.
    private static func line(_ name: String, _ version: String, _ origin: JSONValue?) -> String {
        guard let url = origin?["url"]?.string, let kind = origin?.at("vcs_info", "vcs")?.string,
            let commit = origin?.at("vcs_info", "commit_id")?.string
        else { return "\(name)==\(version)" }
        return "\(name) @ \(kind)+\(url)@\(commit)"
    }
}
