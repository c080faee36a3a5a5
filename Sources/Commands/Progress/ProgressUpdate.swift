// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Build

/// What a display shows: a build event with times counted and output cut into lines.
package enum ProgressUpdate: Sendable {
    /// How many steps there are.
    case planned(stepCount: Int)
    /// A step begins.
    case started(BuildStep)
    /// A step printed whole lines.
    case printed(BuildStep, BuildEvent.OutputStream, lines: [String], elapsed: Duration)
    /// A step has moved so many bytes.
    case progressed(BuildStep, Transfer, elapsed: Duration)
    /// A step has printed nothing for a while.
    case silent(BuildStep, StepSilence, elapsed: Duration)
    /// A step ended.
    case finished(BuildStep, BuildEvent.Outcome, elapsed: Duration, transfer: Transfer?)
    /// A remark.
    case warning(BuildWarning)
    /// The build is over and this is what it made.
    case completed(BuildSummary)
}

/// How far a step that moves bytes has come.
package struct Transfer: Sendable, Hashable {
    package let completed: Int64
    /// Nil while unknown.
    package let total: Int64?

    package init(completed: Int64, total: Int64?) {
        self.completed = max(0, completed)
        self.total = total.flatMap { $0 > 0 ? $0 : nil }
    }

    /// The part that is done, from 0 to 1; nil while the whole is unknown.
    package var fraction: Double? {
        total.map { min(1, Double(completed) / Double($0)) }
    }
}

extension Transfer: CustomStringConvertible {
    /// `1.2MB / 3.4MB`, or the first alone.
    package var description: String {
        HumanFormat.bytes(completed) + (total.map { " / " + HumanFormat.bytes($0) } ?? "")
    }
}

/// A step that failed and what it had printed.
package struct StepFailure: Sendable {
    package let step: BuildStep
    /// What went wrong, for people.
    package let message: String
    /// The last lines of its output.
    package let output: [OutputTail.Line]

    package init(step: BuildStep, message: String, output: [OutputTail.Line]) {
        self.step = step
        self.message = message
        self.output = output
    }
}
