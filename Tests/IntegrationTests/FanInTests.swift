// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("One list of what several machines build")
    struct FanInTests {
        private static let dockerfile =
            "FROM scratch\nARG TARGETARCH\nARG TARGETVARIANT\nCOPY $TARGETARCH$TARGETVARIANT /\n"
        private static let files = ["amd64": "x", "arm64": "y", "armv7": "7", "armv6": "6"]

        /// Builds some platforms as a machine of its own does: with a store of its own, and a result file that is left.
        @discardableResult
        private static func machine(
            _ platforms: String, _ name: String, result: String, _ arguments: [String] = [], with manifold: Manifold
        ) async throws -> BuildLog {
            let context = try manifold.context(dockerfile, files: files)
            try manifold.write("", to: manifold.path("results/.keep"))
            chmod(manifold.path("results").string, 0o777)
            let log = try await manifold.build(
                [
                    "--platform", platforms, "--push-by-digest", "-t", name, "--result",
                    manifold.path("results/\(result)").string,
                ] + arguments, context,
                .environment([
                    "MANIFOLD_ROOT": manifold.path("store-\(result)").string, "SOURCE_DATE_EPOCH": "1700000000",
                ]))
            try #require(log.succeeded, log.comment)
            return log
        }

        private static func merge(
            _ arguments: String..., with manifold: Manifold
        ) async throws -> ChildProcess.Result {
            try await manifold.run(
                ["manifest", "merge"] + arguments,
                Manifold.Setting(workingDirectory: manifold.path("results")))
        }

        @Test("two machines' results make the very list that one build makes; no tag moves before")
        func twoMachines() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/fan-in:1"
                let annotation = ["--annotation", "index:org.example.a=1"]
                let log = try await Self.machine(
                    "linux/arm64", name, result: "arm64.json", annotation, with: manifold)
                try await Self.machine(
                    "linux/amd64,linux/arm/v7", name, result: "rest.json", annotation, with: manifold)
                #expect(try await Program.raw(name) == nil)
                let result = try JSONValue(
                    parsing: Array(manifold.text(of: manifold.path("results/arm64.json")).utf8))
                #expect(result["kind"] == "manifold-build-result" && result["version"] == 1)
                #expect(result["images"][0]["platform"] == "linux/arm64")
                #expect(result["images"][0]["descriptor"]["digest"].string == log.digest)
                #expect(result["names"] == [.string(name)])

                let rehearsal = try await Self.merge("--dry-run=true", "arm64.json", "rest.json", with: manifold)
                try #require(rehearsal.succeeded, rehearsal.comment)
                #expect(try await Program.raw(name) == nil)
                let metadata = manifold.path("results/metadata")
                let merged = try await Self.merge(
                    "--require", "linux/amd64,linux/arm64", "--if-match", "none", "--metadata-file", metadata.string,
                    ".",
                    with: manifold)
                try #require(merged.succeeded, merged.comment)
                let list = try #require(try await Program.raw(name))
                #expect(try JSONValue(parsing: Array(rehearsal.output.utf8)) == list)
                #expect(list["manifests"].array.map { $0["platform"]["architecture"] } == ["amd64", "arm", "arm64"])
                #expect(list["annotations"].members == ["org.example.a": "1"])
                let written = try JSONValue(parsing: Array(manifold.text(of: metadata).utf8))
                #expect(written["containerimage.digest"].string.map { $0 + "\n" } == merged.output)
                let copy = try await Program.skopeo(
                    "copy", "--all", "--src-tls-verify=false", "docker://\(name)", "oci:\(manifold.path("copy")):1")
                #expect(copy.succeeded, copy.comment)

                let context = try manifold.context(Self.dockerfile, files: Self.files)
                let whole = try await manifold.build(
                    annotation + [
                        "--push", "-t", "\(name)-whole", "--platform", "linux/amd64,linux/arm/v7,linux/arm64",
                    ], context, .environment(["SOURCE_DATE_EPOCH": "1700000000"]))
                try #require(whole.succeeded, whole.comment)
                #expect(whole.digest.map { $0 + "\n" } == merged.output)
            }
        }

        @Test("a list in another repository, or another registry, gets its images there; all names get the same list")
        func elsewhere() async throws {
            try await DebianRegistry.with { other in
                try await Manifold.with { manifold in
                    let host = try SharedRegistry.host
                    try await Self.machine("linux/arm/v6", "\(host)/here:1", result: "6.json", with: manifold)
                    try await Self.machine("linux/arm/v7", "\(host)/there:1", result: "7.json", with: manifold)
                    let names = ["\(host)/mounted:1", "\(other.host)/copied:1"]
                    let merged = try await Self.merge(
                        "-t", names[0], "-t", names[1], "7.json", "6.json", with: manifold)
                    try #require(merged.succeeded, merged.comment)
                    for (place, name) in names.enumerated() {
                        let list = try #require(try await Program.raw(name))
                        #expect(list["manifests"].array.map { $0["platform"]["variant"] } == ["v7", "v6"])
                        let copy = try await Program.skopeo(
                            "copy", "--all", "--src-tls-verify=false", "docker://\(name)",
                            "oci:\(manifold.path("copy\(place)")):1")
                        #expect(copy.succeeded, copy.comment)
                    }
                    let unnamed = try await Self.merge("7.json", "6.json", with: manifold)
                    #expect(unnamed.errorOutput.contains("for different names"), unnamed.comment)
                }
            }
        }

        @Test("what is missing, doubled, altered or moved is said, with the files, and the tag stays")
        func refusals() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/refused:1"
                try await Self.machine("linux/arm64", name, result: "a.json", with: manifold)
                try await Self.machine(
                    "linux/arm64", name, result: "b.json", ["--label", "second=1"], with: manifold)
                let first = try manifold.text(of: manifold.path("results/a.json"))
                func check(_ arguments: String..., says words: String...) async throws {
                    let result = try await manifold.run(
                        ["manifest", "merge"] + arguments,
                        Manifold.Setting(workingDirectory: manifold.path("results")))
                    #expect(result.status == .exited(1) && result.output == "", result.comment)
                    for word in words { #expect(result.errorOutput.contains(word), result.comment) }
                    #expect(try await Program.raw(name) == nil)
                }
                try await check(
                    "a.json", "b.json", says: "linux/arm64 is in two results", "a.json", "b.json", "--replace")
                try await check(
                    "--require", "linux/amd64,linux/arm64,linux/s390x", "a.json", says: "linux/amd64, linux/s390x")
                try await check("--platform", "linux/amd64", "a.json", says: "no result has linux/amd64")
                try await check("c.json", says: "there is no file c.json")
                try manifold.write(String(first.prefix(first.utf8.count / 2)), to: manifold.path("cut/x/result.json"))
                try await check("../cut", says: "../cut/x/result.json is not JSON")
                try manifold.write("{}", to: manifold.path("other/metadata.json"))
                try await check("../other", says: "no result of a build")
                try await check("../other/metadata.json", says: "is not what manifold build --result writes")
                try manifold.write(
                    first.replacing("\"version\" : 1", with: "\"version\" : 99"), to: manifold.path("new.json"))
                try await check("../new.json", says: "version 99")
                let gone = first.replacing("\"digest\" : \"sha256:", with: "\"digest\" : \"sha256:00000000")
                let digest = try #require(gone.firstRange(of: "sha256:00000000")).lowerBound
                let altered = String(gone[digest...].prefix(7 + 64))
                let tail = gone[digest...].dropFirst(7 + 64 + 8)
                try manifold.write(gone[..<digest] + altered + tail, to: manifold.path("gone.json"))
                try await check("../gone.json", says: "is not in the registry", "../gone.json", "linux/arm64")
                try await check(
                    "--if-match", "sha256:\(String(repeating: "0", count: 64))", "a.json", says: "not there now")

                // The later of two, named once more, and by a directory.
                let replaced = try await Self.merge("--replace", "a.json", "b.json", with: manifold)
                try #require(replaced.succeeded, replaced.comment)
                let list = try #require(try await Program.raw(name))
                let second = try JSONValue(parsing: Array(manifold.text(of: manifold.path("results/b.json")).utf8))
                #expect(list["manifests"][0]["digest"] == second["images"][0]["descriptor"]["digest"])
                let moved = try await Self.merge("--if-match", "none", "a.json", with: manifold)
                #expect(moved.status == .exited(1) && moved.errorOutput.contains("--if-match sha256:"), moved.comment)
                let now = replaced.output.filter { $0 != "\n" }
                let expected = try await Self.merge("--if-match", now, "a.json", with: manifold)
                #expect(expected.succeeded, expected.comment)
            }
        }

        @Test("a result of nothing that is pushed is refused before anything is built")
        func nothingPushed() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM scratch\n", files: [:])
                let log = try await manifold.build(["--result", manifold.path("r").string, "-t", "x"], context)
                #expect(!log.succeeded && log.message.contains("nothing is pushed"), log.comment)
                let old = manifold.path("results/old.json")
                try manifold.write("{}", to: old)
                chmod(old.removingLastComponent().string, 0o777)
                let failing = try await manifold.build(
                    ["--push-by-digest", "--result", old.string, "-t", "127.0.0.1:1/x"], context)
                #expect(!failing.succeeded, failing.comment)
                #expect(access(old.string, F_OK) != 0, "a failed build leaves no result of an earlier one")
                let nameless = try await manifold.build(["--push-by-digest"], context)
                #expect(!nameless.succeeded && nameless.message.contains("no name to push to"), nameless.comment)
            }
        }
    }
}
