// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import HTTP

/// A request to a registry's token service (distribution's token specification, and its OAuth 2 form).
struct TokenRequest: Sendable {
    var registry: String
    var realm: String
    var service: String?
    var scopes: [String]
    var credential: Credential?
    /// Whether to ask for an identity token besides, which can stand for the password from then on.
    var wantsIdentity = false

    /// The query of the GET form, or the body of the POST form, which is used with an identity token.
    var form: String {
        var pairs: [(String, String)] = []
        if case .identityToken(let token)? = credential {
            pairs = [("grant_type", "refresh_token"), ("client_id", "manifold"), ("refresh_token", token.value)]
        }
        if case .password(let username, _)? = credential { pairs.append(("account", username)) }
        if wantsIdentity, case .password? = credential {
            pairs += [("client_id", "manifold"), ("offline_token", "true")]
        }
        if let service { pairs.append(("service", service)) }
        if case .identityToken? = credential {
            if !scopes.isEmpty { pairs.append(("scope", scopes.joined(separator: " "))) }
        } else {
            pairs += scopes.map { ("scope", $0) }
        }
        return pairs.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
    }
}

/// What a token service answered.
struct TokenAnswer: Sendable {
    var token: Secret
    var lifetime: Duration
    /// A new identity token, from services that change them with each use.
    var refresh: Secret?

    private struct Document: Decodable {
        var token: String?
        var accessToken: String?
        var lifetime: Double?
        var refreshToken: String?

        enum CodingKeys: String, CodingKey {
            case token
            case accessToken = "access_token"
            case lifetime = "expires_in"
            case refreshToken = "refresh_token"
        }
    }

    /// Reads the JSON answer, or returns nil when there is no token in it. A token without a lifetime lasts 60 s.
    init?(_ bytes: [UInt8]) {
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)),
            let token = [document.token, document.accessToken].lazy.compactMap(\.self).first(where: { !$0.isEmpty }),
            token.utf8.allSatisfy({ (33...126).contains($0) })
        else { return nil }
        self.token = Secret(token)
        refresh = document.refreshToken.flatMap { $0.isEmpty ? nil : Secret($0) }
        self.lifetime = .seconds(min(max(document.lifetime ?? 60, 1), 86_400))
    }
}

/// Sends a ``TokenRequest``.
typealias TokenFetch = @Sendable (TokenRequest) async throws -> TokenAnswer
