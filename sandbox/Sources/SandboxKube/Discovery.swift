import HTTP
import JSON

extension KubeSandbox {
    /// The pages that say what is served.
    func discovery(_ target: RequestTarget) -> HTTPResponse? {
        switch target.parts {
        case ["api"]: Response.json(Discovery.coreVersions)
        case ["apis"]: Response.json(Discovery.groups)
        case ["api", "v1"]: Response.json(Discovery.resources(group: ""))
        case ["openapi", "v3"]: Response.json(OpenAPI.index)
        case ["openapi", "v3", "api", "v1"]: Response.json(OpenAPI.document(group: ""))
        case let parts where parts.count == 2 && parts[0] == "apis" && Discovery.groupNames.contains(parts[1]):
            Response.json(Discovery.group(parts[1]))
        case let parts
        where parts.count == 3 && parts[0] == "apis" && parts[2] == "v1"
            && Discovery.groupNames.contains(parts[1]):
            Response.json(Discovery.resources(group: parts[1]))
        case let parts
        where parts.count == 5 && parts.prefix(3) == ["openapi", "v3", "apis"]
            && Discovery.groupNames.contains(parts[3]):
            Response.json(OpenAPI.document(group: parts[3]))
        default: nil
        }
    }
}

/// What the API says of itself.
enum Discovery {
    static func version(_ text: String) -> JSONValue {
        let numbers = text.drop { !$0.isNumber }.split(separator: ".")
        return [
            "major": .string(numbers.first.map(String.init) ?? "1"),
            "minor": .string(numbers.dropFirst().first.map(String.init) ?? "0"), "gitVersion": .string(text),
            "gitCommit": "", "gitTreeState": "clean", "buildDate": "", "goVersion": "", "compiler": "",
            "platform": "linux/amd64",
        ]
    }

    static let coreVersions: JSONValue = [
        "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"]],
    ]

    /// Groups that hold reviews and subresources only, beside those of stored objects.
    static let groupNames: [String] = {
        var names: [String] = []
        for kind in KubeKind.all where !kind.group.isEmpty && !names.contains(kind.group) { names.append(kind.group) }
        return (names + ["authorization.k8s.io", "authentication.k8s.io"]).sorted()
    }()

    private static func groupBody(_ name: String) -> JSONObject {
        let version: JSONValue = ["groupVersion": .string("\(name)/v1"), "version": "v1"]
        return ["name": .string(name), "versions": [version], "preferredVersion": version]
    }

    static func group(_ name: String) -> JSONValue {
        var body = groupBody(name)
        body["kind"] = "APIGroup"
        body["apiVersion"] = "v1"
        return .object(body)
    }

    static let groups: JSONValue = [
        "kind": "APIGroupList", "apiVersion": "v1",
        "groups": .array(groupNames.map { .object(groupBody($0)) }),
    ]

    static func resources(group: String) -> JSONValue {
        var resources: [JSONValue] = []
        for kind in KubeKind.all where kind.group == group {
            var resource: JSONValue = [
                "name": .string(kind.plural), "singularName": .string(kind.singular),
                "namespaced": .bool(kind.isNamespaced), "kind": .string(kind.kind),
                "verbs": verbs(
                    kind == .namespaces
                        ? "create delete get list patch update watch"
                        : "create delete deletecollection get list patch update watch"),
            ]
            if !kind.shortNames.isEmpty {
                resource["shortNames"] = .array(kind.shortNames.map(JSONValue.string))
            }
            if !kind.categories.isEmpty {
                resource["categories"] = .array(kind.categories.map(JSONValue.string))
            }
            resources.append(resource)
            if kind.hasStatus { resources.append(subresource(kind, "status", kind.kind, "get patch update")) }
            if kind == .serviceAccounts {
                var token = subresource(kind, "token", "TokenRequest", "create")
                token["group"] = "authentication.k8s.io"
                token["version"] = "v1"
                resources.append(token)
            }
            if kind == .pods {
                var eviction = subresource(kind, "eviction", "Eviction", "create")
                eviction["group"] = "policy"
                eviction["version"] = "v1"
                resources.append(eviction)
                resources.append(subresource(kind, "binding", "Binding", "create"))
                resources.append(subresource(kind, "log", "Pod", "get"))
            }
        }
        switch group {
        case "authorization.k8s.io":
            resources.append(review("selfsubjectaccessreviews", "SelfSubjectAccessReview"))
        case "authentication.k8s.io": resources.append(review("selfsubjectreviews", "SelfSubjectReview"))
        default: break
        }
        return [
            "kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": .string(group.isEmpty ? "v1" : "\(group)/v1"), "resources": .array(resources),
        ]
    }

    private static func subresource(_ kind: KubeKind, _ name: String, _ type: String, _ verbs: String) -> JSONValue {
        [
            "name": .string("\(kind.plural)/\(name)"), "singularName": "", "namespaced": .bool(kind.isNamespaced),
            "kind": .string(type), "verbs": Self.verbs(verbs),
        ]
    }

    private static func review(_ plural: String, _ kind: String) -> JSONValue {
        [
            "name": .string(plural), "singularName": .string(kind.lowercased()), "namespaced": false,
            "kind": .string(kind), "verbs": ["create"],
        ]
    }

    private static func verbs(_ text: String) -> JSONValue {
        .array(text.split(separator: " ").map { .string(String($0)) })
    }
}

/// As much of an OpenAPI document as clients ask before they write: which kinds are there, and that the server
/// validates fields itself.
enum OpenAPI {
    static let index: JSONValue = {
        var paths: JSONValue = ["api/v1": ["serverRelativeURL": "/openapi/v3/api/v1"]]
        for group in Discovery.groupNames {
            paths["apis/\(group)/v1"] = ["serverRelativeURL": .string("/openapi/v3/apis/\(group)/v1")]
        }
        return ["paths": paths]
    }()

    static func document(group: String) -> JSONValue {
        var paths: JSONValue = [:]
        for kind in KubeKind.all where kind.group == group {
            let root = group.isEmpty ? "/api/v1" : "/apis/\(group)/v1"
            let place = kind.isNamespaced ? "\(root)/namespaces/{namespace}/\(kind.plural)" : "\(root)/\(kind.plural)"
            paths["\(place)/{name}"] = [
                "patch": operation(kind, "patch"), "put": operation(kind, "put"),
            ]
            paths[place] = ["post": operation(kind, "post")]
        }
        return [
            "openapi": "3.0.0", "info": ["title": "Kubernetes", "version": "v1.36.0"], "paths": paths,
            "components": ["schemas": [:]],
        ]
    }

    private static func operation(_ kind: KubeKind, _ action: String) -> JSONValue {
        func parameter(_ name: String) -> JSONValue {
            ["name": .string(name), "in": "query", "schema": ["type": "string", "uniqueItems": true]]
        }
        return [
            "parameters": [parameter("dryRun"), parameter("fieldManager"), parameter("fieldValidation")],
            "responses": ["200": ["description": "OK"]], "x-kubernetes-action": .string(action),
            "x-kubernetes-group-version-kind": [
                "group": .string(kind.group), "version": .string(kind.version), "kind": .string(kind.kind),
            ],
        ]
    }
}
