// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials

/// What a user shows to a registry. Printing one never shows its secret.
public enum Credential: Hashable, Sendable {
    /// A user name and a password or access token.
    case password(username: String, Secret)
    /// A token that buys access tokens from the registry's token service (OAuth 2).
    case identityToken(Secret)
}

/// Text that must not appear in logs, errors or dumps.
public struct Secret: Hashable, Sendable {
    /// The text itself.
    public let value: String

    public init(_ value: String) { self.value = value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "(secret)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Knows the credentials for registries.
public protocol CredentialSource: Sendable {
    /// The credential for a registry as references name it, or nil when there is none.
    ///
    /// - Parameters:
    ///   - registry: The registry.
    ///   - repository: What is asked for there; nil means the registry as a whole.
    /// - Throws: ``RegistryError`` of kind ``RegistryError/Kind/credentials`` when what is stored cannot be read.
    func credential(for registry: String, repository: String?) async throws -> Credential?

    /// Where the credential for a repository comes from, for people; nil when there is none, or nothing to say of it.
    func origin(of registry: String, repository: String?) async -> String?
}

extension CredentialSource {
    /// The credential for a registry as a whole.
    public func credential(for registry: String) async throws -> Credential? {
        try await credential(for: registry, repository: nil)
    }

    public func origin(of registry: String, repository: String?) async -> String? { nil }
}

/// No credentials for anybody.
public struct NoCredentials: CredentialSource {
    public init() {}

    public func credential(for registry: String, repository: String?) async throws -> Credential? { nil }
}

/// Credentials that are given, not stored.
public struct FixedCredentials: CredentialSource {
    private let byRegistry: [String: Credential]

    /// Uses these credentials, by the names of registries in references, or of registry and repository.
    public init(_ byRegistry: [String: Credential]) { self.byRegistry = byRegistry }

    public func credential(for registry: String, repository: String?) async throws -> Credential? {
        CredentialKey.candidates(registry: registry, repository: repository).lazy.compactMap { byRegistry[$0] }.first
    }
}

extension Credential {
    /// The value of an Authorization header that shows a user name and password.
    static func basic(username: String, password: Secret) -> Secret {
        Secret("Basic " + Data("\(username):\(password.value)".utf8).base64EncodedString())
    }
}
