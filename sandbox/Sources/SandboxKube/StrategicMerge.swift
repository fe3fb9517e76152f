import JSON

/// Kubernetes' own patch: a merge patch in which lists with a merge key are merged element by element.
///
/// Knows the directives `$patch: replace|delete|merge`, `$retainKeys`, `$deleteFromPrimitiveList/…` and
/// `$setElementOrder/…`.
struct StrategicMerge {
    private let schema: Schema

    init(schema: Schema = .kubernetes) { self.schema = schema }

    func apply(_ patch: JSONValue, to object: JSONValue, kind: KubeKind) throws(KubeRefusal) -> JSONValue {
        guard patch.object != nil else {
            throw .badRequest("a strategic merge patch is an object, not \(patch.kindName)")
        }
        return try merge(object, patch, .object(Schema.root(of: kind))) ?? [:]
    }

    /// `nil` when the patch says that the object goes.
    private func merge(
        _ current: JSONValue?, _ patch: JSONValue, _ type: Schema.FieldType
    ) throws(KubeRefusal) -> JSONValue? {
        guard let changes = patch.object else { return patch }
        switch changes["$patch"]?.string {
        case "delete": return nil
        case "replace":
            var whole = changes
            whole["$patch"] = nil
            return .object(whole)
        default: break
        }
        var result = current?.object ?? JSONObject()
        if let kept = changes["$retainKeys"]?.array?.compactMap(\.string) {
            for key in result.keys where !kept.contains(key) { result[key] = nil }
        }
        for (key, value) in changes where !key.hasPrefix("$") {
            if value.isNull {
                result[key] = nil
                continue
            }
            let field = field(key, in: type)
            switch (value, field?.type, field?.mergeKey) {
            case (.array(let elements), .list(let element), .some(let mergeKey)):
                let order = changes["$setElementOrder/\(key)"]?.array
                let merged =
                    mergeKey.isEmpty
                    ? mergePlain(result[key]?.array ?? [], elements)
                    : try mergeList(result[key]?.array ?? [], elements, element, mergeKey, field: key)
                result[key] = .array(sort(merged, by: order, mergeKey))
            case (.object, let fieldType, _):
                result[key] = try merge(result[key], value, fieldType ?? .anything)
            default: result[key] = value
            }
        }
        let deletions = "$deleteFromPrimitiveList/"
        for (key, value) in changes where key.hasPrefix(deletions) {
            let list = String(key.dropFirst(deletions.count))
            let gone = value.array ?? []
            result[list] = .array((result[list]?.array ?? []).filter { !gone.contains($0) })
        }
        return .object(result)
    }

    private func field(_ key: String, in type: Schema.FieldType) -> Schema.Field? {
        switch type {
        case .object(let name): schema.fields(of: name)?[key]
        case .map(let element): Schema.Field(type: element, mergeKey: nil)
        default: nil
        }
    }

    private func mergePlain(_ current: [JSONValue], _ patch: [JSONValue]) -> [JSONValue] {
        current + patch.filter { !current.contains($0) }
    }

    private func mergeList(
        _ current: [JSONValue], _ patch: [JSONValue], _ element: Schema.FieldType, _ mergeKey: String, field: String
    ) throws(KubeRefusal) -> [JSONValue] {
        if patch.contains(where: { $0["$patch"]?.string == "replace" }) {
            return patch.filter { $0["$patch"] == nil }
        }
        var result = current
        for one in patch {
            guard let identity = one[mergeKey] else {
                throw .badRequest(
                    "map: \(one.text()) does not contain declared merge key: \(mergeKey) (in `\(field)`)")
            }
            let place = result.firstIndex { $0[mergeKey] == identity }
            let merged = try merge(place.map { result[$0] }, one, element)
            switch (place, merged) {
            case (let place?, let merged?): result[place] = merged
            case (let place?, nil): result.remove(at: place)
            case (nil, let merged?): result.append(merged)
            case (nil, nil): break
            }
        }
        return result
    }

    /// Puts the elements in the order that the patch names; those it does not name stay where they were, at the end.
    private func sort(_ elements: [JSONValue], by order: [JSONValue]?, _ mergeKey: String) -> [JSONValue] {
        guard let order else { return elements }
        func identity(_ value: JSONValue) -> JSONValue? { mergeKey.isEmpty ? value : value[mergeKey] }
        let wanted = order.map(identity)
        let named = elements.filter { wanted.contains(identity($0)) }.sorted {
            (wanted.firstIndex(of: identity($0)) ?? 0) < (wanted.firstIndex(of: identity($1)) ?? 0)
        }
        return named + elements.filter { !wanted.contains(identity($0)) }
    }
}
