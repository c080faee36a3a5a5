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

    /// Writes lines to standard output.
    static func text(_ text: String) throws {
        try Files.writeAll(Array(text.utf8), to: STDOUT_FILENO, path: "standard output")
    }

    /// Tells the person something besides the result.
    static func note(_ text: String) {
        try? Files.writeAll(Array("\(SafeText.line(text))\n".utf8), to: STDERR_FILENO, path: "standard error")
    }

    /// Does a command's work; a failure is told in its own words, and a signal cancels.
    ///
    /// - Throws: `ExitCode`, after the reason was told.
    static func reporting(_ work: @escaping @Sendable () async throws -> Void) async throws {
        do {
            try await Interruption.cancels(work)
        } catch let code as ExitCode {
            throw code
        } catch {
            throw FailureMessage.ending(error)
        }
    }

    /// Prints bytes to standard output, or why there are none.
    ///
    /// - Throws: `ExitCode`, after the reason was told.
    static func answer(_ body: @escaping @Sendable () async throws -> [UInt8]) async throws {
        try await reporting {
            try Files.writeAll(try await body(), to: STDOUT_FILENO, path: "standard output")
        }
    }
}
