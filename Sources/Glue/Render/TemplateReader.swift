import JSON
import YAML

/// Checks a template and makes a Job of it. Keeps every fault it meets.
struct TemplateReader {
    let file: String
    private(set) var problems: [SourceProblem] = []

    init(file: String) { self.file = file }

    mutating func template(_ root: YAMLNode) -> PodTemplate? {
        guard let fields = mapping(root, []) else { return nil }
        check(fields, [], known: KnownFields.document, owned: ["status": "the cluster writes it"])
        let kind = fields["kind"]?.value.string
        let version = fields["apiVersion"]?.value.string
        switch (version, kind) {
        case ("batch/v1", "Job"): return job(root, fields)
        case ("v1", "Pod"): return pod(root, fields)
        default:
            let found = "`apiVersion: \(version ?? "?")`, `kind: \(kind ?? "?")`"
            report(fields["kind"]?.key ?? root, [], "\(found): a template is a `batch/v1` Job or a `v1` Pod")
            return nil
        }
    }

    private mutating func job(_ root: YAMLNode, _ fields: Fields) -> PodTemplate? {
        metadata(fields["metadata"]?.value, ["metadata"])
        guard let spec = required("spec", of: root, fields, []), let specFields = mapping(spec, ["spec"]) else {
            return nil
        }
        check(specFields, ["spec"], known: KnownFields.jobSpec, owned: OwnedFields.jobSpec)
        let path = ["spec", "template"]
        guard let template = required("template", of: spec, specFields, ["spec"]),
            let templateFields = mapping(template, path)
        else { return nil }
        check(templateFields, path, known: KnownFields.podTemplate, owned: [:])
        metadata(templateFields["metadata"]?.value, path + ["metadata"])
        guard let podSpec = required("spec", of: template, templateFields, path) else { return nil }
        let chosen =
            taskContainerName(templateFields["metadata"]?.value) ?? taskContainerName(fields["metadata"]?.value)
        guard let index = self.podSpec(podSpec, path + ["spec"], chosen) else { return nil }
        texts(root, [])
        return PodTemplate(file: file, job: root.json, taskContainer: index, isPod: false)
    }

    private mutating func pod(_ root: YAMLNode, _ fields: Fields) -> PodTemplate? {
        metadata(fields["metadata"]?.value, ["metadata"])
        guard let spec = required("spec", of: root, fields, []) else { return nil }
        guard let index = podSpec(spec, ["spec"], taskContainerName(fields["metadata"]?.value)) else { return nil }
        texts(root, [])
        let metadata = fields["metadata"]?.value.json ?? [:]
        return PodTemplate(
            file: file,
            job: [
                // On the Job too: queueing systems look for their labels there.
                "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata,
                "spec": ["template": ["metadata": metadata, "spec": spec.json]],
            ], taskContainer: index, isPod: true)
    }

    // MARK: - Parts

    private mutating func metadata(_ node: YAMLNode?, _ path: [String]) {
        guard let node, let fields = mapping(node, path) else { return }
        check(fields, path, known: KnownFields.metadata, owned: OwnedFields.metadata)
        for name in ["labels", "annotations"] {
            guard let group = fields[name]?.value, let entries = mapping(group, path + [name]) else { continue }
            for (key, entry) in entries.all {
                let place = path + [name, key]
                if OwnedFields.isReserved(key: key) { report(entry.key, place, "glue sets it") }
                guard let text = entry.value.string else {
                    report(entry.value, place, "\(entry.value.kindName) where a text is expected: put it in quotes")
                    continue
                }
                if name == "labels", !text.contains("$"), Names.labelValue(text) != text {
                    report(
                        entry.value, place,
                        "`\(text.prefix(80))` is no label value: at most 63 letters, digits, `-`, `_`, `.`")
                }
            }
        }
    }

    private func taskContainerName(_ metadata: YAMLNode?) -> YAMLNode? {
        guard case .mapping(let fields) = metadata?.content,
            let annotations = fields.first(where: { $0.key.string == "annotations" })?.value,
            case .mapping(let entries) = annotations.content
        else { return nil }
        return entries.first { $0.key.string == PodTemplate.taskContainerAnnotation }?.value
    }

    /// The place of the task's container.
    private mutating func podSpec(_ node: YAMLNode, _ path: [String], _ chosen: YAMLNode?) -> Int? {
        guard let fields = mapping(node, path) else { return nil }
        check(fields, path, known: KnownFields.podSpec, owned: OwnedFields.podSpec)
        if let policy = fields["restartPolicy"], policy.value.string != "Never" {
            report(policy.value, path + ["restartPolicy"], "glue decides on retries: leave it out, or `Never`")
        }
        if let volumes = fields["volumes"]?.value {
            for (index, volume) in (named(volumes, path + ["volumes"]) ?? []).enumerated()
            where volume.name == PodTemplate.executorName {
                report(volume.node, path + ["volumes", "[\(index)]"], "the volume `\(volume.name)` is glue's")
            }
        }
        var names: Set<String> = []
        if let initial = fields["initContainers"]?.value, let list = named(initial, path + ["initContainers"]) {
            for (index, container) in list.enumerated() {
                self.container(
                    container, path + ["initContainers", "[\(index)]"], isTask: false, names: &names)
            }
        }
        guard let node = required("containers", of: node, fields, path),
            let list = named(node, path + ["containers"])
        else { return nil }
        if list.isEmpty {
            report(node, path + ["containers"], "is empty: the first container runs the task")
            return nil
        }
        var task: Int? = 0
        if let chosen {
            task = list.firstIndex { $0.name == chosen.string }
            if task == nil {
                let hint = suggestion(for: chosen.string ?? "", among: list.map(\.name))
                report(
                    chosen, ["metadata", "annotations", PodTemplate.taskContainerAnnotation],
                    "no container is called `\(chosen.string ?? "?")`: \(hint)")
            }
        }
        for (index, container) in list.enumerated() {
            self.container(
                container, path + ["containers", "[\(index)]"], isTask: index == task, names: &names)
        }
        return task
    }

    private mutating func container(
        _ container: (name: String, node: YAMLNode), _ path: [String], isTask: Bool, names: inout Set<String>
    ) {
        guard let fields = mapping(container.node, path) else { return }
        check(fields, path, known: KnownFields.container, owned: isTask ? OwnedFields.taskContainer : [:])
        if !names.insert(container.name).inserted {
            report(fields["name"]?.value ?? container.node, path + ["name"], "`\(container.name)` is there twice")
        }
        if container.name == PodTemplate.executorName {
            report(fields["name"]?.value ?? container.node, path + ["name"], "`\(container.name)` is glue's")
        } else if !Names.label.allows(container.name) {
            report(
                fields["name"]?.value ?? container.node, path + ["name"],
                "`\(container.name.prefix(80))` is not allowed: \(Names.label.words)")
        }
        if !isTask, fields["image"] == nil { report(container.node, path, "`image` is missing") }
        if let env = fields["env"]?.value { environment(env, path + ["env"], isTask: isTask) }
        if let resources = fields["resources"]?.value { self.resources(resources, path + ["resources"]) }
    }

    private mutating func environment(_ node: YAMLNode, _ path: [String], isTask: Bool) {
        guard let list = named(node, path) else { return }
        var names: Set<String> = []
        for (index, variable) in list.enumerated() {
            let place = path + ["[\(index)]"]
            if !names.insert(variable.name).inserted {
                report(variable.node, place, "`\(variable.name)` is there twice")
            }
            if isTask, Names.isReserved(variable.name) { report(variable.node, place, "glue sets `\(variable.name)`") }
            guard let value = mapping(variable.node, place)?["value"]?.value, value.string == nil else { continue }
            report(value, place + ["value"], "\(value.kindName) where a text is expected: put it in quotes")
        }
    }

    private mutating func resources(_ node: YAMLNode, _ path: [String]) {
        guard let fields = mapping(node, path) else { return }
        check(fields, path, known: KnownFields.resources, owned: [:])
        var amounts: [String: String] = [:]
        for group in ["limits", "requests"] {
            guard let entries = fields[group].flatMap({ mapping($0.value, path + [group]) }) else { continue }
            for (name, entry) in entries.all {
                let place = path + [group, name]
                let text = entry.value.amount
                guard let text, let value = Quantity.value(text), value >= 0 else {
                    report(
                        entry.value, place, "`\(text ?? entry.value.kindName)` is no quantity, as `2`, `500m` or `16Gi`"
                    )
                    continue
                }
                guard name.contains("/") else { continue }
                if !Quantity.isCount(text) {
                    report(entry.value, place, "`\(text)` is no whole number: a device cannot be divided")
                }
                if let limit = amounts[name], Quantity.value(limit) != value {
                    report(
                        entry.value, place, "is \(text) but its limit is \(limit): for a device both must be the same")
                }
                amounts[name] = text
            }
        }
    }

    /// Every placeholder is one that exists.
    private mutating func texts(_ node: YAMLNode, _ path: [String]) {
        switch node.content {
        case .string(let text):
            guard TemplateText(at: path) != .opaque else { return }
            do throws(PlaceholderText.Fault) { _ = try PlaceholderText(parsing: text) } catch {
                report(node, path, error.message)
            }
        case .sequence(let items):
            for (index, item) in items.enumerated() { texts(item, path + ["[\(index)]"]) }
        case .mapping(let entries):
            for (key, value) in entries { texts(value, path + [key.string ?? ""]) }
        default: return
        }
    }

    // MARK: - Pieces

    typealias Entry = (key: YAMLNode, value: YAMLNode)

    struct Fields {
        var all: [(key: String, entry: Entry)] = []
        subscript(name: String) -> Entry? { all.first { $0.key == name }?.entry }
    }

    private mutating func report(_ node: YAMLNode, _ path: [String], _ message: String) {
        problems.append(SourceProblem(file, at: node.position, TemplateText.name(of: path), message))
    }

    private mutating func mapping(_ node: YAMLNode, _ path: [String]) -> Fields? {
        guard case .mapping(let entries) = node.content else {
            report(node, path, "\(node.kindName) where fields are expected")
            return nil
        }
        var fields = Fields()
        for (key, value) in entries {
            guard let name = key.string else {
                report(key, path, "\(key.kindName) where a field's name is expected: put it in quotes")
                continue
            }
            // `field:` with nothing after it is as good as left out.
            if case .null = value.content { continue }
            fields.all.append((name, (key, value)))
        }
        return fields
    }

    private mutating func required(_ name: String, of node: YAMLNode, _ fields: Fields, _ path: [String]) -> YAMLNode? {
        if let found = fields[name] { return found.value }
        report(node, path, "`\(name)` is missing")
        return nil
    }

    private mutating func check(_ fields: Fields, _ path: [String], known: [String], owned: [String: String]) {
        for (name, entry) in fields.all {
            if let reason = owned[name] {
                report(entry.key, path + [name], "a template cannot set it: \(reason)")
            } else if !known.contains(name) {
                report(entry.key, path, "unknown field `\(name)`: " + suggestion(for: name, among: known))
            }
        }
    }

    /// A list of things with names.
    private mutating func named(_ node: YAMLNode, _ path: [String]) -> [(name: String, node: YAMLNode)]? {
        guard case .sequence(let items) = node.content else {
            report(node, path, "\(node.kindName) where a list is expected")
            return nil
        }
        var list: [(name: String, node: YAMLNode)] = []
        for (index, item) in items.enumerated() {
            let place = path + ["[\(index)]"]
            guard let fields = mapping(item, place) else { return nil }
            guard let name = fields["name"]?.value.string else {
                report(item, place, "`name` is missing or no text")
                return nil
            }
            list.append((name, item))
        }
        return list
    }
}

extension YAMLNode {
    /// A quantity's text; a plain number is one, too.
    var amount: String? {
        switch json {
        case .string(let text): text
        case .integer(let value): String(value)
        case .number(let value): value.text
        default: nil
        }
    }
}
