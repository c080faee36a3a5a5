// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import Diagnosis
import Dockerfile
import Glibc
import Store
import Synchronization
import SystemPackage

/// Tells the person at the terminal why a build ended.
struct FailureMessage {
    private let text: String

    /// - Parameter source: what was to be built, for its lines.
    init(_ error: any Error, reporter: ProgressReporter, source: DockerfileText?) async {
        let failures = await reporter.failures
        if error is Interrupted {
            text = "interrupted\n"
            return
        }
        if case BuildError.platforms(let failed, _) = error {
            text = Self.reports(of: failed, failures, source) + Self.plain(error)
        } else {
            text = Self.report(of: error, failures, source) ?? Self.plain(error)
        }
    }

    /// What is told of platforms that a build was finished without.
    init(_ failed: [FailedPlatform], reporter: ProgressReporter, source: DockerfileText?) async {
        text = Self.reports(of: failed, await reporter.failures, source)
    }

    /// Each failed step once, whichever platforms it took with it.
    private static func reports(
        of failed: [FailedPlatform], _ failures: [StepFailure], _ source: DockerfileText?
    ) -> String {
        failed.compactMap { report(of: $0.error, failures, source) }.withoutRepetitions.joined()
    }

    /// What is told of the steps that an error is about; nil when it is about none.
    private static func report(
        of error: any Error, _ failures: [StepFailure], _ source: DockerfileText?
    ) -> String? {
        let told = ((error as? BuildError)?.steps ?? []).compactMap { step in
            failures.last { $0.step.id == step.id }
        }
        guard let last = told.last else { return nil }
        return told.map { failure in
            let source = source.flatMap { Self.source(of: failure, $0) }
            let remedy = failure.step.id == last.step.id ? Remedy.of(error) : nil
            return FailureReport(failure, source: source, remedy: remedy).text
        }.joined()
    }

    /// The last object of `--progress json`.
    init(json error: any Error) {
        let step = (error as? BuildError)?.step
        var failed: [FailedPlatform] = []
        if case BuildError.platforms(let platforms, _) = error { failed = platforms }
        text = JSONDisplay().error(
            error is Interrupted ? "interrupted" : "\(error)", remedy: Self.remedy(of: error),
            cause: (error as? BuildError)?.explanation?.cause.rawValue, step: step, failed: failed)
    }

    func print() { Self.write(text) }

    /// One sentence and what to do, for displays that show the rest themselves.
    static func printPlainly(_ error: any Error) { write(error is Interrupted ? "interrupted\n" : plain(error)) }

    /// How a failure is told.
    enum Form: Sendable {
        case words
        /// As the last object of `--progress json`.
        case json

        /// As a display tells everything else.
        init(_ mode: ProgressMode, on terminal: ProgressTerminal) {
            self = mode.settled(for: terminal) == .json ? .json : .words
        }
    }

    /// Tells why something could not be done.
    static func tell(_ error: any Error, in form: Form = .words) {
        switch form {
        case .words: printPlainly(error)
        case .json: FailureMessage(json: error).print()
        }
    }

    /// Tells why a command ends.
    ///
    /// - Returns: see ``code(after:_:)``.
    static func ending(_ error: any Error, in form: Form = .words) -> ExitCode {
        tell(error, in: form)
        return code(after: error)
    }

    /// The status with which a command ends after an error: a signal's own, or the one for failures.
    static func code(after error: any Error, _ failure: Int32 = 1) -> ExitCode {
        ExitCode((error as? Interrupted).map { 128 + $0.signal } ?? failure)
    }

    private static func plain(_ error: any Error) -> String {
        let remedy = remedy(of: error)
        return safe("error: \(error)\n" + (remedy.map { "  \($0)\n" } ?? ""))
    }

    /// What a person can do about an error.
    static func remedy(of error: any Error) -> String? {
        Remedy.of(error) ?? (error as? CommandError)?.remedy ?? (error as? TargetFailure)?.remedy
    }

    /// Text that may hold what a file or a registry says: nothing that steers a terminal, no endless lines.
    private static func safe(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let line = SafeText.line(String(line))
            return line.count > 1000 ? line.prefix(1000) + "…" : line
        }.joined(separator: "\n")
    }

    private static func source(of failure: StepFailure, _ file: DockerfileText) -> FailureReport.Source? {
        guard let lines = failure.step.lines else { return nil }
        return FailureReport.Source(fileName: file.name, lines: file.lines, range: lines)
    }

    /// Writes words that are safe to show.
    static func write(_ text: String) {
        let bytes = Array(text.utf8)
        try? Files.writeAll(bytes, to: STDERR_FILENO, path: "standard error")
    }
}

/// The Dockerfile of the build that goes on, once it was read: standard input cannot be read again for a message.
final class SourceText: Sendable {
    private let text = Mutex<DockerfileText?>(nil)

    var dockerfile: DockerfileText? {
        get { text.withLock { $0 } }
        set { text.withLock { $0 = newValue } }
    }
}
