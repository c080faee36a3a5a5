// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("What the linter says")
    struct CheckTests {
        private static let flawed = "FROM scratch AS Big\nCOPY secret /\nCMD x\n"

        @Test("--check prints rule, page, message and lines, counts, and ends with 1; a clean file ends with 0")
        func checks() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Self.flawed, files: [".dockerignore": "secret\n"])
                for flags in [["--check"], ["--call", "check"], ["--check=true"], ["--print=lint"]] {
                    let result = try await manifold.run(["build"] + flags + [context.string])
                    #expect(result.status == .exited(1), result.comment)
                    #expect(result.errorOutput == "", result.comment)
                    #expect(result.output.hasPrefix("Check complete, 3 warnings have been found!\n\nWARNING: "))
                    for text in [
                        "StageNameCasing - https://docs.docker.com/go/dockerfile/rule/stage-name-casing/\n",
                        "\nDockerfile:2\n", "   2 | >>> COPY secret /\n", "JSONArgsRecommended",
                    ] { #expect(result.output.contains(text), result.comment) }
                }
                let clean = try manifold.context("FROM base.invalid/none AS a\nCMD [\"x\"]\n", name: "clean")
                let result = try await manifold.run(["build", "--check", clean.string])
                #expect(result.succeeded, result.comment)
                #expect(result.output == "Check complete, no warnings found.\n")
            }
        }

        @Test("--check needs no home, no store and no user namespace")
        func needsNothing() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM base.invalid/none\n")
                let result = try await ChildProcess.run(
                    Manifold.program.string, ["build", "--check", context.string], environment: [:])
                #expect(result.succeeded, result.comment)
            }
        }

        @Test("what cannot be built is told with its place, in JSON too")
        func errors() async throws {
            try await Manifold.with { manifold in
                for (text, message, line) in [
                    ("FROM scratch\nRNU x\n", "unknown instruction: RNU", 2),
                    ("# check=skp=all\nFROM scratch\n", "invalid check option", 1),
                    ("FROM scratch AS a\nCOPY --from=b x y\nFROM scratch AS b\nFROM a AS c\n", "cannot copy", 2),
                ] {
                    let context = try manifold.context(text)
                    let plain = try await manifold.run(["build", "--check", context.string])
                    #expect(plain.status == .exited(1), plain.comment)
                    #expect(plain.errorOutput.contains("Dockerfile:\(line): "), plain.comment)
                    #expect(plain.errorOutput.contains(message), plain.comment)
                    let json = try await manifold.run(["build", "--call", "check,format=json", context.string])
                    #expect(json.status == .exited(1), json.comment)
                    let error = try JSONValue(parsing: json.stdout)["buildError"]
                    #expect(error["message"].string?.contains(message) == true, json.comment)
                    #expect(error["location"]["ranges"][0]["start"]["line"] == .number(Double(line)), json.comment)
                }
            }
        }

        @Test("without --target all stages count, with it only those that it needs")
        func target() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM scratch AS a\nCMD x\nFROM scratch AS b\nCMD y\n")
                func count(_ flags: String...) async throws -> Int {
                    let result = try await manifold.run(
                        ["build", "--call", "check,format=json,ignorestatus=true"] + flags + [context.string])
                    #expect(result.succeeded, result.comment)
                    return try JSONValue(parsing: result.stdout)["warnings"].array.count
                }
                #expect(try await count() == 2)
                #expect(try await count("--target", "b") == 1)
                let wrong = try await manifold.run(["build", "--check", "--target", "x", context.string])
                #expect(wrong.status == .exited(1) && wrong.errorOutput.contains("there are: a, b"), wrong.comment)
            }
        }

        @Test("a build tells each finding once for all platforms, with the rule and its page")
        func once() async throws {
            try await Manifold.with { manifold in
                let log = try await Program.build(
                    "ARG BASE=x\nFROM $BASE AS Big\nCMD x\n", platforms: "linux/amd64,linux/arm64", with: manifold)
                #expect(log.succeeded, log.comment)
                let warnings = log.events.filter { $0["event"] == "warning" }
                #expect(warnings.compactMap(\.["rule"].string).sorted() == ["JSONArgsRecommended", "StageNameCasing"])
                #expect(warnings.allSatisfy { $0["url"].string?.hasPrefix("https://") == true }, log.comment)
                #expect(warnings.map { $0["firstLine"] }.sorted { "\($0)" < "\($1)" } == [2, 3])
                // The first look at a base is a step that people see.
                #expect(log.titles.first?.hasPrefix("resolve ") == true, log.comment)

                let skipped = try await Program.build(
                    "ARG BASE=x\nFROM $BASE AS Big\nCMD x\n",
                    ["--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=all"], with: manifold)
                #expect(skipped.events.allSatisfy { $0["rule"] == .null }, skipped.comment)
            }
        }

        @Test("error=true fails before anything runs")
        func failure() async throws {
            try await Manifold.with { manifold in
                let log = try await Program.build(
                    "# check=error=true\nARG BASE=x\nFROM $BASE AS Big\nRUN true\n", with: manifold)
                #expect(log.result.status == .exited(1), log.comment)
                #expect(log.message.hasPrefix("error: lint violation found for rules: StageNameCasing\n"), log.comment)
                #expect(log.outcomes(of: "RUN").isEmpty && log.outcomes(of: "FROM").isEmpty)
                let allowed = try await Program.build(
                    "# check=error=true;skip=StageNameCasing\nARG BASE=x\nFROM $BASE AS Big\n", with: manifold)
                #expect(allowed.succeeded, allowed.comment)
            }
        }

        @Test("what a base sets is known: its variables are defined, and its platform is compared")
        func bases() async throws {
            try await Manifold.with { manifold in
                let log = try await Program.build(
                    "ARG BASE=x\nFROM $BASE AS a\nENV x=$PATH y=$nothing_sets_this\n", with: manifold)
                #expect(log.succeeded, log.comment)
                let rules = log.events.compactMap { $0["rule"].string }
                #expect(rules == ["UndefinedVar"], log.comment)
                // The linter has its say even when a base cannot be had.
                let failed = try await Program.build("FROM base.invalid/$nme AS a\n", with: manifold)
                #expect(!failed.succeeded)
                #expect(failed.events.contains { $0["rule"] == "UndefinedArgInFrom" }, failed.comment)
            }
        }
    }
}
