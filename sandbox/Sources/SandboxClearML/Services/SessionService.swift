import JSON

/// `auth.*`, `login.*`, `users.*`, `server.*` and `debug.*`: who is there, and what server this is.
enum SessionService {
    static let endpoints: [String: Endpoint] = [
        "auth.login": Endpoint(login),
        "auth.logout": Endpoint { _, _ in [:] },
        "login.logout": Endpoint(authorize: false) { _, _ in [:] },
        "login.supported_modes": Endpoint(authorize: false, supportedModes),
        "debug.ping": Endpoint(authorize: false) { _, _ in ["msg": "ClearML server"] },
        "server.info": Endpoint(information),
        "server.report_stats_option": Endpoint { _, _ in ["supported": false, "enabled": false] },
        "users.get_current_user": Endpoint(currentUser),
        "users.get_by_id": Endpoint(user),
        "users.get_all": Endpoint(users),
        "users.get_all_ex": Endpoint(users),
        "users.get_preferences": Endpoint { _, _ in ["preferences": [:]] },
    ]

    @Sendable static func login(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        guard let caller = call.caller else { throw .unauthorized(20, "Unauthorized (missing credentials)") }
        let asked = try call.integer("expiration_sec") ?? Session.standardLife
        let life = max(0, min(asked, Session.longestLife))
        let token = store.sessions.open(caller, life: life, call: call, company: store.company)
        return ["token": .string(token)]
    }

    @Sendable static func supportedModes(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        [
            "authenticated": false,
            "basic": ["enabled": false, "guest": ["enabled": false]],
            "sso": [:], "sso_providers": [],
            "server_errors": ["missed_es_upgrade": false, "es_connection_error": false],
        ]
    }

    @Sendable static func information(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        ["version": "2.3.0", "build": "0", "commit": "sandbox", "api_version": .string("\(APIVersion.newest)")]
    }

    @Sendable static func currentUser(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        var user = document(of: store)
        user["company"] = ["id": .string(store.company), "name": "sandbox"]
        return ["user": user, "getting_started": [:], "settings": ["max_download_items": "1000"]]
    }

    @Sendable static func user(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("user")
        guard id == store.configuration.userID else { throw .bad(1000, "Invalid user id", ["id": id]) }
        return ["user": document(of: store)]
    }

    @Sendable static func users(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let projection = try Projection(call.texts("only_fields"), known: nil)
        let ids = try call.texts("id") ?? []
        let user = document(of: store)
        if !ids.isEmpty, !ids.contains(store.configuration.userID) { return ["users": []] }
        return ["users": [projection.apply(user.object ?? JSONObject())]]
    }

    private static func document(of store: Store) -> JSONValue {
        [
            "id": .string(store.configuration.userID), "name": .string(store.configuration.userName),
            "company": .string(store.company), "role": "user", "created": "2026-01-01T00:00:00.000000+00:00",
        ]
    }
}
