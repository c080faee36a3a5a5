// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Testing

@Suite("Path patterns")
struct PatternTests {
    @Test("a .dockerignore is read line by line, cleaned, and its last match decides")
    func ignoreFile() throws {
        let text = "\u{FEFF}# comment\r\n  /logs/ \r\n\n*.o\n! keep.o\n./a/../b//c\n#x\n #y\n"
        #expect(IgnorePatterns.lines(of: text) == ["logs", "*.o", "!keep.o", "b/c", "#y"])
        let ignore = try IgnorePatterns(parsing: text)
        for path in ["logs", "logs/a/b", "x.o", "b/c", "b/c/d", "#y"] { #expect(ignore.matches(path), "\(path)") }
        for path in ["keep.o", "a/x.o", "b", "logsx", "a"] { #expect(!ignore.matches(path), "\(path)") }
    }

    @Test("a bad pattern is an error with its line")
    func badLine() {
        let error = #expect(throws: DockerfileError.self) { try IgnorePatterns(parsing: "a\nb[\n") }
        #expect(error?.description == "line 2: syntax error in pattern \"b[\"")
        #expect(throws: DockerfileError.self) { try IgnorePatterns(parsing: "!") }
    }

    @Test(
        "patterns, exceptions and parents",
        arguments: [
            (["**", "!a"], "a", false), (["**", "!a"], "a/b", false), (["**", "!a", "a/b"], "a/b/c", true),
            (["a", "!a/b"], "a/b/c", false), (["a", "!a/b"], "a/c", true), (["**/x"], "x/y", true),
            (["a/**/b"], "a/b", true), (["a/**/b"], "a/c/d/b", true), (["a/**/b"], "ab", false),
            (["a**"], "a/b/c", true), (["[!a]"], "b", false), (["\\*"], "*", true), (["*/x"], "a/x/y", true),
            (["**x"], "axx", true), (["**/x"], "ax", false), (["."], "a", false), (["../a"], "a", false),
            (["a/"], "a/b", true), (["A"], "a", false), (["*"], ".hidden", true), (["a/*"], "a", false),
        ] as [([String], String, Bool)])
    func ignoring(_ patterns: [String], _ path: String, _ ignored: Bool) throws {
        #expect(try IgnorePatterns(patterns).matches(path) == ignored)
    }

    @Test(
        "a directory can be skipped when no exception reaches into it",
        arguments: [
            (["a"], "a", true), (["a"], "b", false), (["a", "!b"], "a", true), (["a", "!a/b"], "a", false),
            (["a", "!a/b"], "a/c", true), (["a", "!**/b"], "a/c", false), (["a", "!*/b"], "a/c", true),
            (["a", "!*/b"], "a", false), (["*", "!a/b/c"], "a", false), (["*", "!a/b/c"], "ab", true),
            (["*", "!a"], "a", false),
        ] as [([String], String, Bool)])
    func skipping(_ patterns: [String], _ directory: String, _ skip: Bool) throws {
        #expect(try IgnorePatterns(patterns).canSkip(directory: directory) == skip)
    }

    @Test(
        "wildcards match as Go's filepath.Match",
        arguments: [
            ("*", "a", true), ("*", "a/b", false), ("a/*", "a/b", true), ("a*c", "abbc", true), ("?", "é", true),
            ("?", "/", false), ("[a-c]", "b", true), ("[^a-c]", "b", false), ("[\\]]", "]", true), ("\\*", "*", true),
            ("\\*", "x", false), ("", "", true), ("a*b*c*d", "axbxcxdx", false), ("*.txt", ".txt", true),
            ("a]", "a]", true),
        ])
    func wildcards(_ pattern: String, _ path: String, _ matches: Bool) throws {
        #expect(try PathPattern(pattern).matches(path) == matches)
    }

    @Test("malformed wildcards are refused", arguments: ["[", "[]", "[]a]", "[-a]", "[a-]", "a\\", "[a", "[^", "[a-"])
    func malformed(_ pattern: String) {
        #expect(throws: DockerfileError.self) { try PathPattern(pattern) }
    }

    @Test("no pattern makes matching slow")
    func hostile() throws {
        let path = String(repeating: "a/", count: 2000)
        let ignore = try IgnorePatterns([
            String(repeating: "**/a*", count: 500) + "b", String(repeating: "a*", count: 1000) + "b",
            String(repeating: "**/", count: 10_000) + "b",
        ])
        let clock = ContinuousClock()
        let time = clock.measure { #expect(!ignore.matches(path)) }
        #expect(time < .seconds(20))
    }
}
