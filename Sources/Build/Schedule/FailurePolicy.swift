// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// What becomes of a build when one of its platforms fails.
public struct FailurePolicy: Sendable, Hashable {
    /// Whether the other platforms are finished and kept before the build fails.
    public var finishesOthers = false
    /// The platforms without which the result is made when they fail.
    public var optional: Set<Platform> = []

    public init(finishesOthers: Bool = false, optional: Set<Platform> = []) {
        self.finishesOthers = finishesOthers
        self.optional = optional
    }

    /// Whether the build goes on after the failure of a platform.
    func goesOn(without platform: Platform) -> Bool { finishesOthers || optional.contains(platform) }
}

/// A platform that a build could not be finished for.
public struct FailedPlatform: Sendable {
    public let platform: Platform
    /// Why; several platforms may share one failure.
    public let error: any Error
    /// Whether the result is made without it.
    public let isOptional: Bool

    public init(platform: Platform, error: any Error, isOptional: Bool) {
        self.platform = platform
        self.error = error
        self.isOptional = isOptional
    }

    /// Why, in a sentence without the platform: `line 3: RUN make: exit code 2`.
    public var reason: String {
        let sentence = "\(error)"
        let prefix = "\(platform): "
        return sentence.hasPrefix(prefix) ? String(sentence.dropFirst(prefix.count)) : sentence
    }
}
