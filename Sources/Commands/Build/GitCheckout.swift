// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Store
import Subprocess
import SystemPackage

/// What git knows of a build context.
enum GitCheckout {
    /// The time of the commit that a build context is; that of a repository which was fetched is known.
    static func commitTime(of context: LoadedContext) async -> Int64? {
        if context.directory.title != nil { return context.commitTime }
        return await commitTime(of: context.directory.path)
    }

    /// The time of the commit that is checked out, in seconds since 1970, when the context is a checkout without changes
    /// of its own; nil for anything else, as when there is no git.
    static func commitTime(of context: FilePath) async -> Int64? {
        // Without a repository in sight nothing has to be started.
        guard isInRepository(context), await git(["status", "--porcelain", "--", "."], in: context) == "",
            let time = await git(["log", "-1", "--format=%ct"], in: context)
        else { return nil }
        return Int64(time.filter { !$0.isWhitespace })
    }

    /// The first line that git answers about the checkout that a directory is in; nil when it is in none, or git knows
    /// no answer.
    static func answer(_ question: [String], in directory: FilePath) async -> String? {
        guard isInRepository(directory), let text = await git(question, in: directory) else { return nil }
        return text.split(separator: "\n").first.map(String.init)
    }

    private static func isInRepository(_ context: FilePath) -> Bool {
        var directory = context
        while true {
            if Files.exists(directory.appending(".git")) { return true }
            guard directory.removeLastComponent() else { return false }
        }
    }

    /// The configuration of somebody's checkout must not make git run programs or change the checkout.
    private static let harmless = [
        "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
    ]

    /// What a git command prints; nil when it fails.
    private static func git(_ arguments: [String], in context: FilePath) async -> String? {
        let result = try? await run(
            .name("git"), arguments: Arguments(["-C", context.string] + Self.harmless + arguments),
            output: .string(limit: 1 << 20), error: .discarded)
        guard let result, result.terminationStatus.isSuccess else { return nil }
        return result.standardOutput
    }
}
