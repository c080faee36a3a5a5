// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Subprocess
import SystemPackage

extension GitClient {
    /// What a git command printed.
    struct Output {
        var text: String
        var errors: String
        var isSuccess: Bool
    }

    /// Runs git and waits for it; the process and what it started end with the task.
    ///
    /// - Throws: ``RemoteError`` of kind ``RemoteError/Kind/gitMissing``; `CancellationError`.
    func git(
        _ arguments: [String], for source: GitSource, in directory: FilePath? = nil, scratch: FilePath? = nil
    ) async throws -> Output {
        let variables = try variables(for: source, scratch: scratch)
        var options = PlatformOptions()
        // Git talks to servers through further programs.
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(2))
        ]
        var environment: [Environment.Key: String] = [:]
        for (name, value) in variables { environment[Environment.Key(stringLiteral: name)] = value }
        try Task.checkCancellation()
        do {
            let result = try await run(
                .name("git"), arguments: Arguments(arguments), environment: .custom(environment),
                workingDirectory: directory, platformOptions: options, output: .string(limit: 64 << 20),
                error: .string(limit: 4 << 20))
            try Task.checkCancellation()
            return Output(
                text: result.standardOutput, errors: result.standardError,
                isSuccess: result.terminationStatus.isSuccess)
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            if error.code == .executableNotFound { throw RemoteError(.gitMissing, subject: source.redacted) }
            throw RemoteError(.gitFailed, subject: source.redacted, detail: "\(error)")
        }
    }

    /// Runs git; that it fails is an error with what it said.
    @discardableResult
    func need(
        _ arguments: [String], for source: GitSource, in directory: FilePath? = nil, scratch: FilePath? = nil
    ) async throws -> String {
        let output = try await git(arguments, for: source, in: directory, scratch: scratch)
        guard output.isSuccess else { throw Self.failure(output, source) }
        return output.text
    }

    /// The error that a failed command is: by its last lines, which say most.
    static func failure(_ output: Output, _ source: GitSource) -> RemoteError {
        let lines = output.errors.split(whereSeparator: \.isNewline).map { String($0.prefix(300)) }
        let isTelling = { (line: String) in ["fatal:", "error:", "remote:"].contains { line.hasPrefix($0) } }
        let telling = lines.drop { !isTelling($0) }
        let words = (telling.isEmpty ? lines[...] : telling).suffix(4).joined(separator: "; ")
        let passwordless = words.replacing(source.remote, with: source.redacted)
        var error = RemoteError(.gitFailed, subject: source.redacted, detail: passwordless.isEmpty ? nil : passwordless)
        error.isTransient = ["timed out", "early EOF", "reset by peer", "HTTP 5", "error: 5", "Could not resolve"]
            .contains { output.errors.contains($0) }
        return error
    }
}
