// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import Testing

extension Trait where Self == ConditionTrait {
    /// Skips a test, saying why, where one of the programs is not installed.
    public static func requiresProgram(_ programs: String...) -> ConditionTrait {
        let missing = programs.filter { ChildProcess.find($0) == nil }
        return .enabled(
            if: missing.isEmpty, "not installed: \(missing.joined(separator: ", ")) (make test installs it)")
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips a test, saying why, where the tests do not run as root.
    public static func requiresRoot(_ reason: String) -> ConditionTrait {
        .enabled(if: geteuid() == 0, "needs root: \(reason)")
    }
}
