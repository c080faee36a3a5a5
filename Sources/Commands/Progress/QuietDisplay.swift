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
    /// The message on one line, with the Dockerfile line before it when there is one.
    package var sentence: String {
        (line.map { "line \($0): " } ?? "") + SafeText.singleLine(message)
    }
}
