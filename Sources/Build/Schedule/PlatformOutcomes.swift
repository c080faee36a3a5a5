// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import OCI

/// Which platforms of a build still go well, and what became of the others.
///
/// Everything that may fail for one platform and not for another tells it here and then goes on with those that
/// remain.
package struct PlatformOutcomes: Sendable {
    package let policy: FailurePolicy
    /// The platforms that nothing has gone wrong with, in the order in which they were asked for.
    package private(set) var remaining: [Platform]
    /// The others, in the order in which they failed.
    package private(set) var failed: [FailedPlatform] = []

    package init(_ platforms: [Platform], policy: FailurePolicy = FailurePolicy()) {
        self.policy = policy
        remaining = platforms
    }

    /// Whether the build fails in the end although it goes on.
    var isFailure: Bool { failed.contains { !$0.isOptional } }

    /// Goes on without some platforms; those that have failed before keep their first reason.
    ///
    /// - Throws: `error` when the build cannot go on without one of them; when none remains, that or what tells of
    ///   all failures.
    package mutating func fail(_ platforms: some Sequence<Platform>, with error: any Error) throws {
        if error is CancellationError || error is LostLayer { throw error }
        for platform in platforms where remaining.contains(platform) {
            guard policy.goesOn(without: platform) else { throw error }
            remaining.removeAll { $0 == platform }
            let isOptional = policy.optional.contains(platform)
            failed.append(FailedPlatform(platform: platform, error: error, isOptional: isOptional))
        }
        guard remaining.isEmpty else { return }
        throw failed.count > 1 ? BuildError.platforms(failed, built: []) : error
    }

    /// Goes on without the platforms that something was found wrong with; who mends one wants to know of all, so that an
    /// error that ends the build tells of everything.
    ///
    /// - Throws: see ``fail(_:with:)``.
    mutating func fail<Finding>(
        _ findings: [Finding], of platform: (Finding) -> Platform, with error: ([Finding]) -> BuildError
    ) throws {
        let platforms = findings.map(platform)
        // What is found in an image for another platform than the one that was asked for is nobody's own.
        if platforms.contains(where: { !policy.goesOn(without: $0) || !remaining.contains($0) }) {
            throw error(findings)
        }
        for (place, failed) in platforms.enumerated() where platforms.firstIndex(of: failed) == place {
            try fail([failed], with: error(findings.filter { platform($0) == failed }))
        }
    }

    /// Does something that concerns one platform alone; its failure is the platform's.
    ///
    /// - Throws: see ``fail(_:with:)``.
    package mutating func attempt(for platform: Platform, _ body: () async throws -> Void) async throws {
        do { try await body() } catch { try fail([platform], with: error) }
    }
}
