// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
public import Testing

/// A registry with the base images, started once for a suite and all that is in it.
///
///     @Suite(.registry("busybox")) struct BuildTests {
///         @Test func builds() async throws {
///             let registry = try SharedRegistry.host
public struct SharedRegistry: SuiteTrait, TestScoping {
    let bases: [String]

    @TaskLocal private static var current: DebianRegistry?

    /// The registry of the suite that runs.
    public static var registry: DebianRegistry {
        get throws { try #require(current, "the suite has no .registry trait") }
    }

    /// `127.0.0.1:port`.
    public static var host: String {
        get throws { try registry.host }
    }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await DebianRegistry.with { registry in
            for base in bases { try await BaseImages.push(base, to: registry) }
            try await Self.$current.withValue(registry) { try await function() }
        }
    }
}

extension Trait where Self == SharedRegistry {
    /// Starts a registry for the suite and puts base images into it.
    public static func registry(_ bases: String...) -> SharedRegistry { SharedRegistry(bases: bases) }
}
