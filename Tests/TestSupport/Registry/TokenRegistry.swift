// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Registry
public import Testing

/// Debian's docker-registry with a token service before it, started once for a suite and all that is in it.
public struct TokenRegistry: Sendable {
    /// `127.0.0.1:port` of the registry.
    public let host: String
    /// `127.0.0.1:port` of the service that gives out tokens.
    public let service: String

    @TaskLocal private static var running: TokenRegistry?

    /// The registry of the suite that runs.
    public static var current: TokenRegistry {
        get throws { try #require(running, "the suite has no .tokenRegistry trait") }
    }

    /// Who may push; anybody may pull.
    public static let user = Credential.password(username: "jane", Secret("fish"))

    /// Runs a registry as long as `body` runs.
    ///
    /// - Parameters:
    ///   - lifetime: how many seconds the registry takes a token for.
    ///   - promise: how many seconds the service says that it would.
    public static func with<Result: Sendable>(
        lifetime: Int = 300, promise: Int? = nil, _ body: (TokenRegistry) async throws -> Result
    ) async throws -> Result {
        let certificate = try await TestCertificate.make()
        defer { certificate.remove() }
        let issuer = try TokenIssuer(
            certificate: certificate, username: "jane", password: "fish", lifetime: lifetime, promise: promise)
        return try await TestRegistry.with(authentication: .tokens(issuer)) { service in
            let feature = DebianRegistry.Feature.tokens(issuer, realm: "http://\(service.host)/token")
            return try await DebianRegistry.with(features: [feature]) { registry in
                try await body(TokenRegistry(host: registry.host, service: service.host))
            }
        }
    }

    /// Starts a registry for a suite.
    public struct Running: SuiteTrait, TestScoping {
        public func provideScope(
            for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
        ) async throws {
            try await TokenRegistry.with { registry in
                try await TokenRegistry.$running.withValue(registry) { try await function() }
            }
        }
    }
}

extension Trait where Self == TokenRegistry.Running {
    /// Starts a registry with a token service for the suite.
    public static var tokenRegistry: TokenRegistry.Running { TokenRegistry.Running() }
}
