import JSON

extension ClusterState {
    /// Whether the cluster's roles, or the identity's own rules, allow a request.
    func allows(
        _ identity: KubeIdentity, verb: String, group: String, resource: String, namespace: String, name: String
    ) -> Bool {
        if identity.allows(verb: verb, group: group, resource: resource, namespace: namespace, name: name) {
            return true
        }
        var bindings = store.list(.clusterRoleBindings, namespace: nil)
        if !namespace.isEmpty { bindings += store.list(.roleBindings, namespace: namespace) }
        let granted = bindings.filter { binds($0, identity) }.flatMap(rules)
        return granted.contains {
            $0.allows(verb: verb, group: group, resource: resource, namespace: namespace, name: name)
        }
    }

    private func binds(_ binding: JSONValue, _ identity: KubeIdentity) -> Bool {
        binding.list("subjects").contains { subject in
            let name = subject.string("name") ?? ""
            switch subject.string("kind") {
            case "User": return identity.user == name
            case "Group": return identity.groups.contains(name)
            case "ServiceAccount":
                let home = subject.string("namespace") ?? binding.namespace
                return identity.user == "system:serviceaccount:\(home):\(name)"
            default: return false
            }
        }
    }

    private func rules(of binding: JSONValue) -> [KubeRule] {
        let name = binding.string("roleRef", "name") ?? ""
        let key =
            binding.string("roleRef", "kind") == "Role"
            ? ObjectKey(kind: .roles, namespace: binding.namespace, name: name)
            : ObjectKey(kind: .clusterRoles, namespace: "", name: name)
        return (store[key]?.list("rules") ?? []).map { rule in
            func names(_ list: String) -> Set<String> { Set(rule.list(list).compactMap(\.string)) }
            return KubeRule(
                verbs: names("verbs"), groups: names("apiGroups"), resources: names("resources"),
                names: names("resourceNames"))
        }
    }
}
