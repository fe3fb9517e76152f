/// The shapes that names have to have, with the server's own sentences.
enum Names {
    /// RFC 1123 subdomain: most names.
    static func subdomainFault(_ name: String) -> String? {
        if name.utf8.count > 253 { return "must be no more than 253 characters" }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        if parts.allSatisfy(isLabel) { return nil }
        return
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    }

    /// RFC 1123 label: namespaces, containers, volumes.
    static func labelFault(_ name: String) -> String? {
        if name.utf8.count > 63 { return "must be no more than 63 characters" }
        if isLabel(name[...]) { return nil }
        return
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    }

    private static func isLabel(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        func isEnd(_ byte: UInt8) -> Bool {
            byte >= 0x30 && byte <= 0x39 || byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
        }
        return isEnd(first) && isEnd(last) && text.utf8.allSatisfy { isEnd($0) || $0 == UInt8(ascii: "-") }
    }

    /// The value of a label.
    static func labelValueFault(_ value: String) -> String? {
        if value.isEmpty { return nil }
        if value.utf8.count > 63 { return "must be no more than 63 bytes" }
        if isQualifiedPart(value[...]) { return nil }
        return
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
    }

    /// The key of a label or annotation: `name` or `prefix/name`.
    static func keyFault(_ key: String) -> String? {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2, let fault = subdomainFault(String(parts[0])) { return "prefix part \(fault)" }
        if parts.count <= 2, let name = parts.last {
            if name.utf8.count > 63 { return "name part must be no more than 63 bytes" }
            if isQualifiedPart(name) { return nil }
            if name.isEmpty { return "name part must be non-empty" }
        }
        return
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    }

    private static func isQualifiedPart(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        func isEnd(_ byte: UInt8) -> Bool {
            byte >= 0x30 && byte <= 0x39 || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
        }
        return isEnd(first) && isEnd(last) && text.utf8.allSatisfy { isEnd($0) || "-_.".utf8.contains($0) }
    }

    /// A key of a Secret or ConfigMap.
    static func isConfigKey(_ key: String) -> Bool {
        guard !key.isEmpty, key.utf8.count <= 253, key != ".", !key.hasPrefix("..") else { return false }
        return key.utf8.allSatisfy {
            $0 >= 0x30 && $0 <= 0x39 || $0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z")
                || "-_.".utf8.contains($0)
        }
    }
}
