import JSON
import Testing

@Suite("JSON values")
struct ValueTests {
    @Test("objects keep their order, and are equal in any")
    func order() {
        let one: JSONValue = ["a": 1, "b": 2]
        let two: JSONValue = ["b": 2, "a": 1]
        #expect(one == two && one.hashValue == two.hashValue)
        #expect(one.text() == #"{"a":1,"b":2}"# && two.text() == #"{"b":2,"a":1}"#)
        #expect(two.text(sorted: true) == one.text())
        #expect(one != ["a": 1] && one != ["a": 1, "b": 3] && one != ["a": 1, "c": 2])
    }

    @Test("members are set, replaced in place and removed, in small and in large objects", arguments: [3, 24, 25, 100])
    func members(count: Int) {
        var object = JSONObject()
        for place in 0..<count { object["k\(place)"] = .integer(Int64(place)) }
        #expect(object.count == count && object.keys.first == "k0")
        object["k1"] = "new"
        #expect(object.keys[1] == "k1" && object["k1"] == "new")
        object["k0"] = nil
        #expect(object["k0"] == nil && object.count == count - 1 && object.keys.first == "k1")
        for place in 1..<count { #expect(object["k\(place)"] != nil) }
        #expect(object.append("k2", 0) == false && object["k2"] == 2)
        #expect(object.append("k0", 0) == true && object.keys.last == "k0")
    }

    @Test("paths lead down, and nowhere when something is missing")
    func paths() {
        var value: JSONValue = ["a": ["b": [1, ["c": "x"]]]]
        #expect(value.at("a", "b")?[1]?["c"]?.string == "x")
        #expect(value.at("a", "x", "y") == nil && value["a"]?["b"]?[2] == nil && value["a"]?["b"]?["c"] == nil)
        value["a"] = nil
        #expect(value == [:])
        value["new"] = 1
        #expect(value == ["new": 1])
    }

    @Test("numbers are exact")
    func numbers() throws {
        #expect(try JSONValue(parsing: "12").int == 12)
        #expect(try JSONValue(parsing: "12.0").integer == nil)
        #expect(try JSONValue(parsing: "12.5").double == 12.5)
        #expect(try JSONValue(parsing: "12").double == 12)
        #expect(JSONValue.double(3) == 3 && JSONValue.double(0.5).text() == "0.5")
        #expect(JSONValue.double(.nan) == .null && JSONValue.double(.infinity) == .null)
        #expect(JSONNumber(.infinity) == nil)
        #expect(JSONValue.double(1e300).double == 1e300)
    }

    @Test("pretty text is indented by two")
    func pretty() {
        let value: JSONValue = ["a": [1, [], ["b": [:]]]]
        #expect(value.text(pretty: true) == "{\n  \"a\": [\n    1,\n    [],\n    {\n      \"b\": {}\n    }\n  ]\n}")
    }
}
