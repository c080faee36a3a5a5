// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import NIOHTTP1
import OCI

/// What a registry said to somebody who logged in.
public struct Recognition: Sendable {
    /// Whether it wanted to know who asks; one that does not takes everybody, and every password.
    public var wasAsked: Bool
    /// What its token service gave in place of the password, when it was asked to
    /// (``RegistryConfiguration/asksForIdentityToken``) and does such a thing.
    public var identityToken: Credential?
}

extension RegistryClient {
    /// Checks that the registry accepts who this client is; what `login` asks before it stores anything.
    ///
    /// - Parameter registry: The registry as references name it.
    /// - Throws: ``RegistryError``, of kind ``RegistryError/Kind/unauthorized`` when it does not.
    @discardableResult
    public func authenticate(at registry: String) async throws -> Recognition {
        var call = Call(
            .GET, "", of: Route(reference: Reference(registry: registry, repository: "", tag: nil)),
            operation: "log in to", subject: registry, access: .pull, accepted: [200])
        call.path = ""
        call.repository = nil
        call.scopes = []
        _ = try await retrying { [call] in try await send(call).beginning() }
        let (wasAsked, identity) = authorizer.recognition(by: registry)
        return Recognition(wasAsked: wasAsked, identityToken: identity.map { .identityToken($0) })
    }
}
