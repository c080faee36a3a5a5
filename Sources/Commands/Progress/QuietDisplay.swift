// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Build

/// `--progress quiet`: warnings and nothing else; what failed is said by ``FailureReport`` afterwards.
package struct QuietDisplay: ProgressDisplay {
    package init() {}

    package mutating func show(
        _ update: ProgressUpdate, of build: BuildProgress, at now: ContinuousClock.Instant
    ) -> String {
        guard case .warning(let warning) = update else { return "" }
        return "warning: \(warning.sentence)\n"
    }
}

extension BuildWarning {
    /// The message on one line: the Dockerfile line and the rule before it, the rule's page after it, as far as it has
    /// these.
    package var sentence: String {
        (line.map { "line \($0): " } ?? "") + (rule.map { "\($0.name): " } ?? "") + SafeText.singleLine(message)
            + (rule.map { " (\($0.page))" } ?? "")
    }
}
