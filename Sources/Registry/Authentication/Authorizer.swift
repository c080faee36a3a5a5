// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Synchronization

/// What each registry wants to see before it answers, and the tokens that are still good.
///
/// Tokens are kept by registry and scope. Whoever needs one that is missing waits for the one request that gets it.
final class Authorizer: Sendable {
    /// How a registry said that it recognises users.
    enum Scheme: Sendable {
        case basic
        case bearer(realm: String, service: String?)
    }

    /// The Authorization header of a request, and what to forget when the registry does not like it.
    struct Authorization: Sendable {
        var header: Secret
        var isBearer: Bool
    }

    private struct Token {
        var header: Secret
        var expires: ContinuousClock.Instant
    }

    private struct State {
        var schemes: [String: Scheme] = [:]
        var tokens: [String: Token] = [:]
        var gates: [String: Gate] = [:]
        /// Identity tokens that a token service gave in place of the stored ones.
        var identities: [Secret: Secret] = [:]
        /// Identity tokens that token services gave for passwords, by registry.
        var granted: [String: Secret] = [:]
    }

    /// What was shown, or may be.
    let secrets = KnownSecrets()
    private let credentials: any CredentialSource
    private let wantsIdentity: Bool
    private let state = Mutex(State())

    init(credentials: any CredentialSource, wantsIdentity: Bool = false) {
        self.credentials = credentials
        self.wantsIdentity = wantsIdentity
    }

    /// What came of showing who we are: whether the registry asked at all, and its token in place of the password.
    func recognition(by registry: String) -> (wasAsked: Bool, identity: Secret?) {
        state.withLock { ($0.schemes[registry] != nil, $0.granted[registry]) }
    }

    /// What to send first: nothing while the registry has not asked, else what fits the scope.
    func authorization(
        for registry: String, repository: String?, scopes: [String], fetch: TokenFetch
    ) async throws -> Authorization? {
        guard let scheme = state.withLock({ $0.schemes[registry] }) else { return nil }
        switch scheme {
        case .basic:
            guard
                case .password(let username, let password)? = try await credentials.credential(
                    for: registry, repository: repository)
            else { return nil }
            secrets.note(.password(username: username, password))
            return Authorization(header: Credential.basic(username: username, password: password), isBearer: false)
        case .bearer(let realm, let service):
            let key = ([registry] + scopes).joined(separator: " ")
            let gate = state.withLock { state in
                let gate = state.gates[key] ?? Gate(limit: 1)
                state.gates[key] = gate
                return gate
            }
            let header = try await gate.pass {
                if let token = state.withLock({ $0.tokens[key] }), token.expires > .now { return token.header }
                let stored = try await credentials.credential(for: registry, repository: repository)
                if let stored { secrets.note(current(stored)) }
                let answer = try await fetch(
                    TokenRequest(
                        registry: registry, realm: realm, service: service, scopes: scopes,
                        credential: stored.map(current), wantsIdentity: wantsIdentity))
                secrets.note(answer.token)
                if let refresh = answer.refresh { secrets.note(refresh) }
                if case .identityToken(let old)? = stored, let new = answer.refresh {
                    state.withLock { $0.identities[old] = new }
                }
                if wantsIdentity, let new = answer.refresh { state.withLock { $0.granted[registry] = new } }
                let header = Secret("Bearer " + answer.token.value)
                // A token is renewed a little before its end, so that it does not expire on the way.
                let expires = ContinuousClock.now + answer.lifetime * 0.9
                state.withLock { $0.tokens[key] = Token(header: header, expires: expires) }
                return header
            }
            return Authorization(header: header, isBearer: true)
        }
    }

    /// What was shown, in words, for a registry that does not like it.
    func shown(to registry: String, repository: String?) async -> String? {
        if let origin = await credentials.origin(of: registry, repository: repository) {
            return "the credentials \(origin) were shown"
        }
        let stored = try? await credentials.credential(for: registry, repository: repository)
        return stored == nil ? "no credentials for it are known here" : nil
    }

    /// A credential, or what the token service gave in its place.
    private func current(_ credential: Credential) -> Credential {
        guard case .identityToken(let token) = credential else { return credential }
        return .identityToken(state.withLock { $0.identities[token] } ?? token)
    }

    /// Takes note of a 401.
    ///
    /// - Returns: Whether asking again makes sense: the registry said for the first time what it wants, or the
    ///   token that was shown can be replaced.
    func learn(_ challenges: [Challenge], registry: String, shown: Authorization?) -> Bool {
        let scheme = challenges.lazy.compactMap { challenge -> Scheme? in
            switch challenge.scheme {
            case "bearer":
                guard let realm = challenge.parameters["realm"], !realm.isEmpty else { return nil }
                return .bearer(realm: realm, service: challenge.parameters["service"])
            case "basic": return .basic
            default: return nil
            }
        }.first
        guard let scheme else { return false }
        return state.withLock { state in
            state.schemes[registry] = scheme
            guard let shown else { return true }
            for (key, token) in state.tokens where token.header == shown.header { state.tokens[key] = nil }
            return shown.isBearer
        }
    }
}
