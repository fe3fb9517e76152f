import HTTP
import JSON
import Testing

@testable import SandboxKube

@Suite struct PatchTests {
    private let strategic = StrategicMerge()
    private let pod: JSONValue = [
        "metadata": ["name": "p", "labels": ["a": "1", "b": "2"], "finalizers": ["x/y"]],
        "spec": [
            "containers": [
                ["name": "main", "image": "one", "env": [["name": "A", "value": "1"], ["name": "B", "value": "2"]]],
                ["name": "side", "image": "two"],
            ],
            "tolerations": [["key": "k"]], "volumes": [["name": "v", "emptyDir": [:]]],
        ],
    ]

    private func applied(_ patch: JSONValue) throws -> JSONValue { try strategic.apply(patch, to: pod, kind: .pods) }

    @Test func `lists with a key are merged by it`() throws {
        let result = try applied([
            "spec": [
                "containers": [
                    [
                        "name": "main", "image": "new",
                        "env": [["name": "B", "value": "3"], ["name": "C", "value": "4"]],
                    ]
                ]
            ]
        ])
        let main = try #require(result.list("spec", "containers").first)
        #expect(result.list("spec", "containers").map { $0.string("name") } == ["main", "side"])
        #expect(main.string("image") == "new")
        #expect(
            main.list("env") == [
                ["name": "A", "value": "1"], ["name": "B", "value": "3"], ["name": "C", "value": "4"],
            ])
    }

    @Test func `directives delete replace and order`() throws {
        let deleted = try applied(["spec": ["containers": [["$patch": "delete", "name": "side"]]]])
        #expect(deleted.list("spec", "containers").map { $0.string("name") } == ["main"])
        let replaced = try applied(["spec": ["containers": [["$patch": "replace"], ["name": "x", "image": "y"]]]])
        #expect(replaced.list("spec", "containers") == [["name": "x", "image": "y"]])
        let ordered = try applied([
            "spec": [
                "$setElementOrder/containers": [["name": "side"], ["name": "main"]],
                "containers": [["name": "side", "image": "z"]],
            ]
        ])
        #expect(ordered.list("spec", "containers").map { $0.string("name") } == ["side", "main"])
        let volumes = try applied([
            "spec": ["volumes": [["$retainKeys": ["name", "secret"], "name": "v", "secret": ["secretName": "s"]]]]
        ])
        #expect(volumes.list("spec", "volumes") == [["name": "v", "secret": ["secretName": "s"]]])
        #expect(try applied(["metadata": ["labels": ["$patch": "replace", "c": "3"]]]).labels == ["c": "3"])
    }

    @Test func `plain lists are replaced and sets are joined`() throws {
        #expect(try applied(["spec": ["tolerations": [["key": "z"]]]]).list("spec", "tolerations") == [["key": "z"]])
        #expect(try applied(["metadata": ["finalizers": ["a/b"]]]).finalizers == ["x/y", "a/b"])
        let without = try applied(["metadata": ["$deleteFromPrimitiveList/finalizers": ["x/y"]]])
        #expect(without.finalizers.isEmpty)
        #expect(try applied(["metadata": ["labels": ["a": nil]]]).labels == ["b": "2"])
    }

    @Test func `an element without its key is refused`() {
        #expect(throws: KubeRefusal.self) { try applied(["spec": ["containers": [["image": "x"]]]]) }
    }

    @Test func `patches go through the API`() async throws {
        let cluster = try Cluster()
        _ = try await cluster.call(.post, mapsPath, Sample.configMap("m", ["a": "1"]))
        let json = try await cluster.call(
            .patch, "\(mapsPath)/m",
            [["op": "test", "path": "/data/a", "value": "1"], ["op": "add", "path": "/data/b", "value": "2"]],
            type: "application/json-patch+json")
        #expect(json.body["data"] == ["a": "1", "b": "2"])
        let failed = try await cluster.call(
            .patch, "\(mapsPath)/m", [["op": "test", "path": "/data/a", "value": "9"]],
            type: "application/json-patch+json")
        #expect(failed.status == 422)
        let merged = try await cluster.call(
            .patch, "\(mapsPath)/m", ["data": ["a": nil]], type: "application/strategic-merge-patch+json")
        #expect(merged.body["data"] == ["b": "2"])
        let stale = try await cluster.call(
            .patch, "\(mapsPath)/m", ["metadata": ["resourceVersion": "1"], "data": ["z": "1"]],
            type: "application/merge-patch+json")
        #expect(stale.status == 409)
        let apply = try await cluster.call(.patch, "\(mapsPath)/m", [:], type: "application/apply-patch+yaml")
        #expect(apply.status == 415)
        #expect(
            try await cluster.call(.patch, "\(mapsPath)/none", [:], type: "application/merge-patch+json").status == 404)
        let unknown = try await cluster.call(
            .patch, "\(mapsPath)/m?fieldValidation=Strict", ["dada": [:]], type: "application/merge-patch+json")
        #expect(unknown.status == 400)
    }
}
