import JSON

/// What is wrong with a Job, and what of it may not be changed.
enum JobValidation {
    static func causes(_ object: JSONValue) -> [FieldCause] {
        var causes: [FieldCause] = []
        for name in [
            "parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished",
            "maxFailedIndexes", "backoffLimitPerIndex",
        ] {
            if let value = object.int("spec", name), value < 0 {
                causes.append(
                    .invalid("spec.\(name)", .integer(Int64(value)), "must be greater than or equal to 0"))
            }
        }
        let selector = object.at("spec", "selector") ?? [:]
        if object.bool("spec", "manualSelector") == true {
            if selector.at("matchLabels")?.object?.isEmpty ?? true { causes.append(.required("spec.selector")) }
        } else if selector != ["matchLabels": ["batch.kubernetes.io/controller-uid": .string(object.uid)]] {
            causes.append(.invalid("spec.selector", selector, "`selector` not auto-generated"))
        }
        let mode = object.string("spec", "completionMode") ?? ""
        if !["NonIndexed", "Indexed"].contains(mode) {
            causes.append(.unsupported("spec.completionMode", mode, ["NonIndexed", "Indexed"]))
        } else if mode == "Indexed", object.int("spec", "completions") == nil {
            causes.append(.required("spec.completions", "when completion mode is Indexed"))
        }
        let replacement = object.string("spec", "podReplacementPolicy") ?? ""
        let policies =
            object.at("spec", "podFailurePolicy") == nil ? ["Failed", "TerminatingOrFailed"] : ["Failed"]
        if !policies.contains(replacement) {
            causes.append(.unsupported("spec.podReplacementPolicy", replacement, policies))
        }
        causes += Validation.labels(
            object.at("spec", "template", "metadata", "labels")?.object ?? [:], at: "spec.template.labels")
        let restart = object.string("spec", "template", "spec", "restartPolicy") ?? ""
        if restart == "Always" {
            causes.append(.required("spec.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\""))
        }
        return causes + PodValidation.causes(object.at("spec", "template", "spec") ?? [:], at: "spec.template.spec")
    }

    static func changeCauses(old: JSONValue, new: JSONValue) -> [FieldCause] {
        var fixed = [
            "selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy",
        ]
        if old.string("spec", "completionMode") != "Indexed" { fixed.append("completions") }
        var causes: [FieldCause] = fixed.filter { old.at("spec", $0) != new.at("spec", $0) }.map {
            .invalid("spec.\($0)", new.at("spec", $0) ?? nil, "field is immutable")
        }
        var oldTemplate = old.at("spec", "template") ?? [:]
        var newTemplate = new.at("spec", "template") ?? [:]
        if old.bool("spec", "suspend") == true, old.string("status", "startTime") == nil {
            // A Job that never started may still be told where to run: what queueing systems do before they resume it.
            for name in ["affinity", "nodeSelector", "tolerations", "schedulingGates"] {
                oldTemplate.set(nil, "spec", name)
                newTemplate.set(nil, "spec", name)
            }
            for name in ["labels", "annotations"] {
                oldTemplate.set(nil, "metadata", name)
                newTemplate.set(nil, "metadata", name)
            }
        }
        if oldTemplate != newTemplate {
            causes.append(.invalid("spec.template", newTemplate, "field is immutable"))
        }
        return causes
    }
}
