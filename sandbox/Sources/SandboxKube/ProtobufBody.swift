import JSON

/// Kubernetes' binary form, as far as `kubectl create namespace|secret|configmap|serviceaccount`, `kubectl auth can-i`
/// and `kubectl drain` send it. Other kinds are refused: a client can always send JSON.
///
/// Field numbers are those of the `generated.proto` files of k8s.io/api and k8s.io/apimachinery.
struct ProtobufBody {
    private indirect enum Shape: Sendable {
        case text
        case number
        case flag
        case base64
        case time
        case message(String)
        case list(Shape)
        case map(Shape)
    }

    private typealias Fields = [Int: (name: String, shape: Shape)]

    private static let metadata: (name: String, shape: Shape) = ("metadata", .message("ObjectMeta"))

    private static let messages: [String: Fields] = [
        "ObjectMeta": [
            1: ("name", .text), 2: ("generateName", .text), 3: ("namespace", .text), 4: ("selfLink", .text),
            5: ("uid", .text), 6: ("resourceVersion", .text), 7: ("generation", .number),
            8: ("creationTimestamp", .time), 9: ("deletionTimestamp", .time),
            10: ("deletionGracePeriodSeconds", .number), 11: ("labels", .map(.text)), 12: ("annotations", .map(.text)),
            14: ("finalizers", .list(.text)),
        ],
        "Namespace": [
            1: metadata, 2: ("spec", .message("NamespaceSpec")), 3: ("status", .message("NamespaceStatus")),
        ],
        "NamespaceSpec": [1: ("finalizers", .list(.text))],
        "NamespaceStatus": [1: ("phase", .text)],
        "Secret": [
            1: metadata, 2: ("data", .map(.base64)), 3: ("type", .text), 4: ("stringData", .map(.text)),
            5: ("immutable", .flag),
        ],
        "ConfigMap": [
            1: metadata, 2: ("data", .map(.text)), 3: ("binaryData", .map(.base64)), 4: ("immutable", .flag),
        ],
        "ServiceAccount": [1: metadata, 4: ("automountServiceAccountToken", .flag)],
        "SelfSubjectAccessReview": [
            1: metadata, 2: ("spec", .message("SelfSubjectAccessReviewSpec")), 3: ("status", .message("ReviewStatus")),
        ],
        "SelfSubjectAccessReviewSpec": [
            1: ("resourceAttributes", .message("ResourceAttributes")),
            2: ("nonResourceAttributes", .message("NonResourceAttributes")),
        ],
        "ResourceAttributes": [
            1: ("namespace", .text), 2: ("verb", .text), 3: ("group", .text), 4: ("version", .text),
            5: ("resource", .text), 6: ("subresource", .text), 7: ("name", .text),
        ],
        "NonResourceAttributes": [1: ("path", .text), 2: ("verb", .text)],
        "ReviewStatus": [
            1: ("allowed", .flag), 2: ("reason", .text), 3: ("evaluationError", .text), 4: ("denied", .flag),
        ],
        "SelfSubjectReview": [1: metadata],
        "TokenRequest": [
            1: metadata, 2: ("spec", .message("TokenRequestSpec")), 3: ("status", .message("TokenRequestStatus")),
        ],
        "TokenRequestSpec": [1: ("audiences", .list(.text)), 4: ("expirationSeconds", .number)],
        "TokenRequestStatus": [1: ("token", .text), 2: ("expirationTimestamp", .time)],
        "Eviction": [1: metadata, 2: ("deleteOptions", .message("DeleteOptions"))],
        "DeleteOptions": [
            1: ("gracePeriodSeconds", .number), 2: ("preconditions", .message("Preconditions")),
            3: ("orphanDependents", .flag), 4: ("propagationPolicy", .text), 5: ("dryRun", .list(.text)),
        ],
        "Preconditions": [1: ("uid", .text), 2: ("resourceVersion", .text)],
    ]

    static let mediaType = "application/vnd.kubernetes.protobuf"

    private static let unreadable = KubeRefusal.badRequest(
        "the body is no Kubernetes protobuf that the sandbox reads; send application/json")

    /// The object in a body that begins with `k8s` and a zero.
    static func json(_ body: [UInt8]) throws(KubeRefusal) -> JSONValue {
        guard body.starts(with: [0x6b, 0x38, 0x73, 0x00]) else { throw unreadable }
        var apiVersion = ""
        var kind = ""
        var raw: ArraySlice<UInt8> = []
        try fields(of: body[4...]) { number, value throws(KubeRefusal) in
            switch (number, value) {
            case (1, .bytes(let type)):
                try fields(of: type) { number, value throws(KubeRefusal) in
                    guard case .bytes(let text) = value else { throw unreadable }
                    if number == 1 { apiVersion = String(decoding: text, as: UTF8.self) }
                    if number == 2 { kind = String(decoding: text, as: UTF8.self) }
                }
            case (2, .bytes(let content)): raw = content
            default: break
            }
        }
        guard messages[kind] != nil else {
            throw KubeRefusal(
                code: 415, reason: "UnsupportedMediaType",
                message: "the sandbox reads no \(kind) in protobuf; send application/json")
        }
        var object = try message(kind, raw)
        object["apiVersion"] = .string(apiVersion)
        object["kind"] = .string(kind)
        return object
    }

    private static func message(_ name: String, _ bytes: ArraySlice<UInt8>) throws(KubeRefusal) -> JSONValue {
        var result: JSONValue = [:]
        try fields(of: bytes) { number, value throws(KubeRefusal) in
            guard let field = messages[name]?[number] else { throw unreadable }
            switch field.shape {
            case .list(let element):
                guard let one = try scalar(element, value) else { return }
                result[field.name] = .array(result.list(field.name) + [one])
            case .map(let element):
                guard case .bytes(let entry) = value else { throw unreadable }
                var key = ""
                var content: JSONValue = ""
                try fields(of: entry) { number, value throws(KubeRefusal) in
                    guard case .bytes(let text) = value else { throw unreadable }
                    if number == 1 {
                        key = String(decoding: text, as: UTF8.self)
                    } else if case .base64 = element {
                        content = .string(Base64.encode(Array(text)))
                    } else {
                        content = .string(String(decoding: text, as: UTF8.self))
                    }
                }
                result.set(content, field.name, key)
            default: if let one = try scalar(field.shape, value) { result[field.name] = one }
            }
        }
        return result
    }

    private static func scalar(_ shape: Shape, _ value: Value) throws(KubeRefusal) -> JSONValue? {
        switch (shape, value) {
        case (.text, .bytes(let bytes)):
            // An empty string is how an absent one is written.
            return bytes.isEmpty ? .none : .string(String(decoding: bytes, as: UTF8.self))
        case (.number, .varint(let number)): return .integer(Int64(bitPattern: number))
        case (.flag, .varint(let number)): return .bool(number != 0)
        case (.message(let name), .bytes(let bytes)): return try message(name, bytes)
        // Times belong to the server in all that is read here.
        case (.time, .bytes): return .none
        default: throw unreadable
        }
    }

    private enum Value {
        case varint(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    /// Walks over the fields of one message.
    private static func fields(
        of bytes: ArraySlice<UInt8>, _ body: (Int, Value) throws(KubeRefusal) -> Void
    ) throws(KubeRefusal) {
        var rest = bytes
        func varint() throws(KubeRefusal) -> UInt64 {
            var result: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                guard let byte = rest.popFirst() else { throw unreadable }
                result |= UInt64(byte & 0x7f) << shift
                if byte < 0x80 { return result }
            }
            throw unreadable
        }
        while !rest.isEmpty {
            let tag = try varint()
            switch tag & 7 {
            case 0: try body(Int(truncatingIfNeeded: tag >> 3), .varint(try varint()))
            case 2:
                guard let count = Int(exactly: try varint()), count <= rest.count else { throw unreadable }
                let content = rest.prefix(count)
                rest = rest.dropFirst(count)
                try body(Int(truncatingIfNeeded: tag >> 3), .bytes(content))
            default: throw unreadable
            }
        }
    }
}
