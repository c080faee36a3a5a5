// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import Dockerfile

/// The flags of the audit of finished images.
struct AuditOptions: ParsableArguments {
    @Option(
        name: .customLong("audit"),
        help: ArgumentHelp(
            "What becomes of files that an image's platform does not run: program, error, warn or off.",
            discussion: """
                With "program" (the default) a wrong program of ENTRYPOINT or CMD ends the build before anything is \
                published, and all else is a warning. With "error" everything ends it, and layers of bases that would \
                only be mounted in the registry are fetched to be looked at.
                """,
            valueName: "level"))
    var level: String?

    @Option(
        name: .customLong("audit-allow"),
        help: ArgumentHelp(
            "Files that may be for other machines, as in '/usr/lib/plugins/**'; may be repeated.", valueName: "pattern")
    )
    var allowed: [String] = []

    /// - Throws: ``CommandError``.
    func policy() throws -> AuditPolicy {
        var policy = AuditPolicy()
        if let level {
            guard let known = AuditPolicy.Level(rawValue: level) else {
                throw CommandError(
                    "--audit \(level): there is no such level", remedy: "use program, error, warn or off")
            }
            policy.level = known
        }
        policy.allowed = try Self.patterns(allowed, flag: "--audit-allow")
        return policy
    }

    /// Patterns of paths, with or without the slash of the root.
    ///
    /// - Throws: ``CommandError``.
    static func patterns(_ words: [String], flag: String) throws -> IgnorePatterns? {
        guard !words.isEmpty else { return nil }
        for word in words where word.allSatisfy({ $0 == "/" || $0 == " " }) || word.hasPrefix("!") {
            throw CommandError(
                "\(flag) \"\(word)\" is no pattern of paths", remedy: "name a file, or a pattern such as /opt/**")
        }
        do { return try IgnorePatterns(words.map { String($0.drop { $0 == "/" }) }) } catch {
            throw CommandError("\(flag): \(error)")
        }
    }
}
