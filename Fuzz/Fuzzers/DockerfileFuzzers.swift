// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile

/// What people write: Dockerfiles, words with variables, patterns of .dockerignore.
enum DockerfileFuzzers {
    private static let variables: Variables = [
        "a": "x", "b": "1 2", "empty": "", "PATH": "/usr/bin:/bin", "long": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
    ]

    static func parse(_ bytes: [UInt8]) -> Int32 {
        guard let dockerfile = try? Dockerfile(parsing: bytes) else { return 0 }
        for instruction in dockerfile.stages.flatMap(\.instructions) {
            guard instruction.lines.lowerBound >= 1, instruction.lines.upperBound <= dockerfile.lines.count else {
                fatalError("lines \(instruction.lines) of \(dockerfile.lines.count)")
            }
            guard let expanded = try? instruction.expanded(with: variables, by: dockerfile.expander) else { continue }
            _ = expanded.historyText()
        }
        return 0
    }

    static func expand(_ bytes: [UInt8]) -> Int32 {
        let text = String(decoding: bytes, as: UTF8.self)
        for escape in ["\\", "`"] as [Unicode.Scalar] {
            let expander = Expander(escape: escape)
            _ = try? expander.expand(text, with: variables)
            var usage = VariableUsage()
            _ = try? expander.expandWords(text, with: variables, usage: &usage)
        }
        _ = try? Expander.heredoc.expand(text, with: variables)
        return 0
    }

    /// The first line is a path, the others are patterns.
    static func ignore(_ bytes: [UInt8]) -> Int32 {
        let parts = bytes.split(separator: 10, maxSplits: 1, omittingEmptySubsequences: false)
        // Paths are relative, and none is longer (PATH_MAX of limits.h).
        let path = String(decoding: (parts.first ?? []).drop { $0 == UInt8(ascii: "/") }.prefix(4096), as: UTF8.self)
        let text = String(decoding: parts.dropFirst().first ?? [], as: UTF8.self)
        if let patterns = try? IgnorePatterns(parsing: text) {
            let matches = patterns.matches(path)
            if patterns.canSkip(directory: path) {
                guard matches, patterns.matches(path + "/x"), patterns.matches(path + "/x/y") else {
                    fatalError("\(path) can be skipped, but something in it is not ignored")
                }
            }
        }
        if let pattern = try? PathPattern(text) { _ = pattern.matches(path) }
        return 0
    }
}
