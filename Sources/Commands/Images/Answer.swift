// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Glibc
import Store
import SystemPackage

/// What a command that only tells something prints.
enum Answer {
    /// Prints bytes to standard output, or why there are none.
    ///
    /// - Throws: `ExitCode`, after the reason was told.
    static func print(_ body: @escaping @Sendable () async throws -> [UInt8]) async throws {
        do {
            let bytes = try await Interruption.cancels(body)
            try Files.writeAll(bytes, to: STDOUT_FILENO, path: "standard output")
        } catch {
            FailureMessage.printPlainly(error)
            throw ExitCode((error as? Interrupted).map { 128 + $0.signal } ?? 1)
        }
    }
}
