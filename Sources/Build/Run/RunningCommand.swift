// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Diagnosis
import Sandbox

/// A command in an image while it runs, beside which others can run.
struct RunningCommand: Sendable {
    private let step: StepCommand
    private let runner: any CommandRunner

    init(_ step: StepCommand, runner: any CommandRunner) {
        self.step = step
        self.runner = runner
    }

    /// Whether its file system is made, so that others can run beside it.
    var hasStarted: Bool { step.control?.isRunning == true }

    /// Runs another command in the same sandbox, by the same user in the same directory.
    ///
    /// - Throws: when it could not be started; `CancellationError`.
    func run(
        _ words: [String], within limit: Duration,
        output: @escaping @Sendable (BuildEvent.OutputStream, [UInt8]) -> Void
    ) async throws -> ImageRunReport.End {
        var other = step
        other.arguments = words
        other.beside = step.control
        other.control = nil
        return try await RunningCommand(other, runner: runner).end(within: limit, output).end
    }

    /// Runs it to its end, until its time is over or until what goes on beside it is done.
    func end(
        within limit: Duration?, beside: (@Sendable (RunningCommand) async throws -> Void)? = nil,
        _ output: @escaping @Sendable (BuildEvent.OutputStream, [UInt8]) -> Void
    ) async throws -> (end: ImageRunReport.End, explanation: Explanation?) {
        try await withThrowingTaskGroup(of: (end: ImageRunReport.End, explanation: Explanation?).self) { group in
            group.addTask {
                let (status, explanation) = try await runner.runExamined(step, output: output)
                return (.ended(status), explanation)
            }
            if let limit {
                group.addTask {
                    try await Task.sleep(for: limit)
                    return (.timeOver, nil)
                }
            }
            if let beside {
                group.addTask {
                    try await beside(self)
                    return (.timeOver, nil)
                }
            }
            // Whichever comes later was cancelled, and the group waits for it.
            defer { group.cancelAll() }
            return try await group.next() ?? (.timeOver, nil)
        }
    }
}
