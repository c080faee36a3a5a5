// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import FoundationEssentials
import Testing

/// The folder with the tables of the reference implementations: not in this repository, see CONTRIBUTING.
enum ConformanceFolder {
    static let path: String? = {
        if let path = ProcessInfo.processInfo.environment["MANIFOLD_CONFORMANCE"], !path.isEmpty { return path }
        let checkout = #filePath.split(separator: "/").dropLast(3)
        let path = "/" + (checkout.dropLast() + ["shared", "conformance"]).joined(separator: "/")
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()

    static func data(_ name: String) throws -> Data {
        try Data(contentsOf: URL(filePath: "\(#require(path))/\(name)"))
    }

    static func table<Row: Decodable>(_ name: String, _ type: Row.Type) throws -> Row {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: data(name))
    }
}

@Suite(
    "Conformance",
    .enabled(
        if: ConformanceFolder.path != nil,
        "the tables are neither at $MANIFOLD_CONFORMANCE nor in ../shared/conformance beside the checkout"))
struct Conformance {
    private struct WordRow: Decodable {
        var input: String
        var expected: String?
        var error: Bool?
        var errorContains: String?
        var env: [String: String]?
        var matched: [String]?
        var unmatched: [String]?
        var platform: String?
    }

    private struct WordTable: Decodable {
        var env: [String: String]?
        var cases: [WordRow]
    }

    private static func variables(_ env: [String: String]) -> Variables {
        var variables = Variables()
        for (name, value) in env { variables[name] = value }
        return variables
    }

    @Test("words expand as the reference expands them", arguments: ["envVarTest", "process_word"])
    func expansion(_ name: String) throws {
        let table = try ConformanceFolder.table("expansion/\(name).json", WordTable.self)
        #expect(!table.cases.isEmpty)
        for row in table.cases where row.platform != "W" {
            var usage = VariableUsage()
            let variables = Self.variables(row.env ?? table.env ?? [:])
            do {
                let word = try Expander().expand(row.input, with: variables, usage: &usage)
                #expect(row.error != true, "\(row.input) should fail, and gave \(word)")
                #expect(word == row.expected, "\(row.input)")
                if let matched = row.matched { #expect(usage.met == Set(matched), "\(row.input)") }
                if let unmatched = row.unmatched { #expect(usage.unmet == Set(unmatched), "\(row.input)") }
            } catch {
                #expect(row.error == true, "\(row.input): \(error)")
                if let text = row.errorContains { #expect(error.description.contains(text), "\(row.input)") }
            }
        }
    }

    private struct SplitTable: Decodable {
        struct Row: Decodable {
            var input: String
            var env: [String]
            var expected: [String]?
            var error: Bool?
        }
        var cases: [Row]
    }

    @Test("expanded words split as the reference splits them")
    func splitting() throws {
        for row in try ConformanceFolder.table("expansion/wordsTest.json", SplitTable.self).cases {
            var usage = VariableUsage()
            let words = try? Expander().expandWords(
                row.input, with: Variables(lines: row.env), usage: &usage)
            #expect(words == (row.error == true ? nil : row.expected), "\(row.input)")
        }
    }

    private struct PatternTable: Decodable {
        var invalid: [String]
        var reverse: [String: String]
        var toRegex: [String: String]
    }

    @Test("shell patterns mean the reference's regular expressions")
    func shellPatterns() throws {
        let table = try ConformanceFolder.table("expansion/pattern_regex.json", PatternTable.self)
        for pattern in table.invalid {
            #expect(throws: DockerfileError.self, "\(pattern)") { try ShellPattern(text: pattern) }
        }
        for (pattern, reversed) in table.reverse { #expect(ShellPattern.reversed(pattern) == reversed) }
        for (pattern, expression) in table.toRegex {
            #expect(try ShellPattern(text: pattern).regularExpression == expression)
        }
    }

    private struct IgnoreTable: Decodable {
        struct Row: Decodable {
            var patterns: [String]?
            var path: String?
            var match: Bool?
            var error: String?
            var cleanedCount: Int?
            var hasExclusions: Bool?
            var pattern: String?
            var matchType: String?
            var regexp: String?
            /// An ignore file's text and the patterns in it.
            var input: String?
            var content: String?
            var expected: [String]?
        }
        var cases: [Row]
    }

    @Test(
        "ignore patterns match as the reference's do",
        arguments: ["matches", "matches_or_parent_matches", "standalone", "ignorefile"])
    func ignorePatterns(_ name: String) throws {
        for row in try ConformanceFolder.table("ignore-patterns/\(name).json", IgnoreTable.self).cases {
            if let text = row.input ?? row.content, let expected = row.expected {
                #expect(IgnorePatterns.lines(of: text) == expected)
                continue
            }
            let patterns = row.patterns ?? []
            if row.error != nil {
                #expect(throws: DockerfileError.self, "\(patterns)") { try IgnorePatterns(patterns) }
                continue
            }
            let ignore = try IgnorePatterns(patterns)
            if let path = row.path { #expect(ignore.matches(path) == row.match, "\(patterns) \(path)") }
            if let count = row.cleanedCount { #expect(ignore.count == count) }
            if let exceptions = row.hasExclusions { #expect(ignore.hasExceptions == exceptions) }
        }
    }

    @Test("ignore patterns compile to the reference's forms")
    func compiling() throws {
        for row in try ConformanceFolder.table("ignore-patterns/compile.json", IgnoreTable.self).cases {
            let compiled = try IgnorePatterns.Compiled(#require(row.pattern))
            #expect(compiled.form.rawValue == row.matchType, "\(row.pattern ?? "")")
            #expect(compiled.regularExpression == row.regexp, "\(row.pattern ?? "")")
        }
    }

    @Test("Dockerfiles parse to the reference's S-expressions")
    func parsing() throws {
        let folder = try "\(#require(ConformanceFolder.path))/parser"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(!names.isEmpty)
        for name in names {
            let text = try String(decoding: ConformanceFolder.data("parser/\(name)/Dockerfile"), as: UTF8.self)
            let expected = try String(decoding: ConformanceFolder.data("parser/\(name)/result"), as: UTF8.self)
            let dump = try Dockerfile.dump(parsing: text)
            #expect(dump.split(separator: "\n") == expected.split(separator: "\n"), "\(name)")
        }
    }
}
