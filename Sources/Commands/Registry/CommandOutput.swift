// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Glibc
import Store
import SystemPackage

/// What commands without a progress display say.
enum CommandOutput {
    /// Writes a result to standard output.
    static func result(_ text: String) throws {
        try Files.writeAll(Array("\(text)\n".utf8), to: STDOUT_FILENO, path: "standard output")
    }

    /// Tells the person something besides the result.
    static func note(_ text: String) {
        try? Files.writeAll(Array("\(SafeText.line(text))\n".utf8), to: STDERR_FILENO, path: "standard error")
    }

    /// Does a command's work; a failure is told in its own words, and a signal cancels.
    static func reporting(_ work: @escaping @Sendable () async throws -> Void) async throws {
        do {
            try await Interruption.cancels(work)
        } catch let code as ExitCode {
            throw code
        } catch {
            FailureMessage.printPlainly(error)
            throw ExitCode((error as? Interrupted).map { 128 + $0.signal } ?? 1)
        }
    }
}
