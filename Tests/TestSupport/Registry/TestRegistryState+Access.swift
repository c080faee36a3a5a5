// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import NIOHTTP1

/// Who may do what, and the token service.
extension TestRegistryState {
    /// The answer to a request whose sender has not shown what is needed, or nil.
    func refusal(of request: TestRequest, _ route: Route) -> TestResponse? {
        let shown = request.headers.first(name: "Authorization") ?? ""
        switch authentication {
        case .none, .tokens: return nil
        case .basic(let username, let password):
            if shown == Self.basic(username, password) { return nil }
            return .error(401, "UNAUTHORIZED", ["WWW-Authenticate": #"Basic realm="test, or not""#])
        case .bearer:
            var action = ["GET", "HEAD"].contains(request.method) ? "pull" : "push"
            if request.method == "DELETE", case .manifest = route { action = "delete" }
            let allowed = shown.hasPrefix("Bearer ") ? tokens[String(shown.dropFirst(7))] : nil
            guard let repository = route.repository else { return allowed == nil ? challenge(scope: nil) : nil }
            if allowed?.contains("\(repository):\(action)") == true { return nil }
            return challenge(scope: "repository:\(repository):\(action)")
        }
    }

    private func challenge(scope: String?) -> TestResponse {
        let text = #"Bearer realm="\#(base)/token",service="test registry""# + (scope.map { #",scope="\#($0)""# } ?? "")
        return .error(401, "UNAUTHORIZED", ["WWW-Authenticate": text])
    }

    /// Gives out a token for whatever is asked for.
    mutating func token(_ request: TestRequest) -> TestResponse {
        if case .tokens(let issuer) = authentication { return issuer.answer(request) }
        guard case .bearer(let username, let password, let lifetime) = authentication else { return TestResponse(404) }
        if let username, let password {
            let isIdentity = request.method == "POST" && request.parameter("refresh_token") == "identity"
            guard isIdentity || request.headers.first(name: "Authorization") == Self.basic(username, password) else {
                return .error(401, "UNAUTHORIZED")
            }
        }
        guard request.parameter("service") == "test registry" else { return .error(400, "UNSUPPORTED") }
        var allowed: Set<String> = []
        let scopes = request.parameters.filter { $0.name == "scope" }.flatMap { $0.value.split(separator: " ") }
        for scope in scopes {
            let parts = scope.split(separator: ":")
            guard parts.count == 3, parts[0] == "repository" else { continue }
            for action in parts[2].split(separator: ",") { allowed.insert("\(parts[1]):\(action)") }
        }
        let token = "token-\(nextToken)"
        nextToken += 1
        tokens[token] = allowed
        let key = nextToken.isMultiple(of: 2) ? "token" : "access_token"
        let isOffline = username != nil && request.parameter("offline_token") == "true"
        let refresh = isOffline ? #","refresh_token":"identity""# : ""
        let body = #"{"\#(key)":"\#(token)","expires_in":\#(lifetime)\#(refresh)}"#
        return TestResponse(200, ["Content-Type": "application/json"], Array(body.utf8))
    }

    static func basic(_ username: String, _ password: String) -> String {
        "Basic " + Data("\(username):\(password)".utf8).base64EncodedString()
    }
}
