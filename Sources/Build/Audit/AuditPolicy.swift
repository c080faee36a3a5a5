// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Dockerfile

/// What an audit looks for, and what it makes of it.
public struct AuditPolicy: Sendable, Hashable {
    /// What findings amount to.
    public enum Level: String, Sendable, Hashable, CaseIterable {
        /// Nothing is looked at.
        case off
        /// Everything is a warning.
        case warn
        /// What keeps the image's own program, that of ENTRYPOINT and CMD, from starting is an error, all else a warning.
        case program
        /// Everything is an error, and layers whose bytes are elsewhere are fetched to be looked at.
        case error
    }

    public var level: Level
    /// The files that may be for other machines on purpose, by patterns of paths below the root.
    public var allowed: IgnorePatterns?

    public init(level: Level = .program, allowed: IgnorePatterns? = nil) {
        self.level = level
        self.allowed = allowed
    }

    /// What a finding amounts to.
    func severity(of finding: AuditFinding) -> AuditFinding.Severity {
        switch level {
        case .off, .warn: .warning
        case .program: finding.stopsProgram ? .error : .warning
        case .error: .error
        }
    }
}
