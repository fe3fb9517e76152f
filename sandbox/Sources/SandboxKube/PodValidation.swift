import JSON

/// What is wrong with a pod's spec, in a pod or in a template.
enum PodValidation {
    static func causes(_ spec: JSONValue, at path: String) -> [FieldCause] {
        var causes: [FieldCause] = []
        var volumes: Set<String> = []
        for (place, volume) in spec.list("volumes").enumerated() {
            let name = volume["name"]?.string ?? ""
            let here = "\(path).volumes[\(place)].name"
            if name.isEmpty {
                causes.append(.required(here))
            } else if let fault = Names.labelFault(name) {
                causes.append(.invalid(here, .string(name), fault))
            } else if !volumes.insert(name).inserted {
                causes.append(.duplicate(here, name))
            }
        }
        if spec.list("containers").isEmpty { causes.append(.required("\(path).containers")) }
        var names: Set<String> = []
        for list in ["initContainers", "containers"] {
            for (place, container) in spec.list(list).enumerated() {
                causes += self.container(
                    container, at: "\(path).\(list)[\(place)]", volumes: volumes, names: &names)
            }
        }
        let restart = spec["restartPolicy"]?.string ?? ""
        if !["Always", "OnFailure", "Never"].contains(restart) {
            causes.append(.unsupported("\(path).restartPolicy", restart, ["Always", "OnFailure", "Never"]))
        }
        if let grace = spec.int("terminationGracePeriodSeconds"), grace < 0 {
            causes.append(
                .invalid(
                    "\(path).terminationGracePeriodSeconds", .integer(Int64(grace)),
                    "must be greater than or equal to 0"))
        }
        if let deadline = spec.int("activeDeadlineSeconds"), deadline < 1 {
            causes.append(
                .invalid(
                    "\(path).activeDeadlineSeconds", .integer(Int64(deadline)),
                    "must be between 1 and 2147483647, inclusive"))
        }
        for (place, toleration) in spec.list("tolerations").enumerated() {
            let sign = toleration["operator"]?.string ?? "Equal"
            if !["Equal", "Exists", "Lt", "Gt"].contains(sign) {
                causes.append(
                    .unsupported("\(path).tolerations[\(place)].operator", sign, ["Equal", "Exists"]))
            }
        }
        return causes + labelKeys(spec["nodeSelector"]?.object ?? [:], at: "\(path).nodeSelector")
    }

    private static func labelKeys(_ labels: JSONObject, at path: String) -> [FieldCause] {
        Validation.labels(labels, at: path)
    }

    private static func container(
        _ container: JSONValue, at path: String, volumes: Set<String>, names: inout Set<String>
    ) -> [FieldCause] {
        var causes: [FieldCause] = []
        let name = container["name"]?.string ?? ""
        if name.isEmpty {
            causes.append(.required("\(path).name"))
        } else if let fault = Names.labelFault(name) {
            causes.append(.invalid("\(path).name", .string(name), fault))
        } else if !names.insert(name).inserted {
            causes.append(.duplicate("\(path).name", name))
        }
        let image = container["image"]?.string ?? ""
        if image.isEmpty {
            causes.append(.required("\(path).image"))
        } else if image.first == " " || image.last == " " {
            causes.append(
                .invalid("\(path).image", .string(image), "must not have leading or trailing whitespace"))
        }
        let pull = container["imagePullPolicy"]?.string ?? "IfNotPresent"
        if !["Always", "IfNotPresent", "Never"].contains(pull) {
            causes.append(
                .unsupported("\(path).imagePullPolicy", pull, ["Always", "IfNotPresent", "Never"]))
        }
        for (place, variable) in container.list("env").enumerated() {
            let here = "\(path).env[\(place)]"
            if variable["name"]?.string?.isEmpty ?? true { causes.append(.required("\(here).name")) }
            if variable["value"]?.string?.isEmpty == false, variable["valueFrom"]?.object != nil {
                causes.append(
                    .invalid("\(here).valueFrom", "", "may not be specified when `value` is not empty"))
            }
        }
        var mounts: Set<String> = []
        for (place, mount) in container.list("volumeMounts").enumerated() {
            let here = "\(path).volumeMounts[\(place)]"
            let volume = mount["name"]?.string ?? ""
            let target = mount["mountPath"]?.string ?? ""
            if volume.isEmpty {
                causes.append(.required("\(here).name"))
            } else if !volumes.contains(volume) {
                causes.append(.notFound("\(here).name", volume))
            }
            if target.isEmpty {
                causes.append(.required("\(here).mountPath"))
            } else if !mounts.insert(target).inserted {
                causes.append(
                    .invalid("\(here).mountPath", .string(target), "must be unique"))
            }
        }
        return causes + resources(container["resources"] ?? [:], at: "\(path).resources")
    }

    private static func resources(_ resources: JSONValue, at path: String) -> [FieldCause] {
        var causes: [FieldCause] = []
        for side in ["limits", "requests"] {
            for (resource, amount) in resources[side]?.object ?? [:] {
                let here = "\(path).\(side)[\(resource)]"
                if !["cpu", "memory", "ephemeral-storage"].contains(resource), !resource.hasPrefix("hugepages-"),
                    !resource.contains("/")
                {
                    causes.append(
                        .invalid(
                            here, .string(resource),
                            "must be a standard resource type or fully qualified"))
                }
                if let quantity = Quantity(amount), quantity.billionths < 0 {
                    causes.append(.invalid(here, amount, "must be greater than or equal to 0"))
                }
            }
        }
        for (resource, request) in resources["requests"]?.object ?? [:] {
            guard let limit = resources.at("limits", resource), let most = Quantity(limit),
                let least = Quantity(request)
            else { continue }
            let text = limit.string ?? limit.text()
            if resource.contains("/") || resource.hasPrefix("hugepages-") {
                if least != most {
                    causes.append(
                        .invalid("\(path).requests", request, "must be equal to \(resource) limit of \(text)"))
                }
            } else if least > most {
                causes.append(
                    .invalid(
                        "\(path).requests", request, "must be less than or equal to \(resource) limit of \(text)"))
            }
        }
        return causes
    }
}
