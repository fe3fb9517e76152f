extension JSONValue {
    /// The document after a merge patch (RFC 7396): members of `patch` replace those of the same name, object by
    /// object; `null` removes; everything else, lists included, is replaced whole.
    public func applying(mergePatch patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var result = object ?? JSONObject()
        for change in changes {
            if change.value.isNull {
                result[change.key] = nil
            } else {
                result[change.key] = (result[change.key] ?? .null).applying(mergePatch: change.value)
            }
        }
        return .object(result)
    }
}
