// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Where the result goes and what is said of it")
    struct OutputTests {
        @Test("a tar file and a directory hold the same layout, which skopeo takes")
        func layouts() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Program.dockerfile("COPY a /"), files: ["a": "1"])
                let log = try await manifold.build(
                    try Program.busybox + [
                        "--platform", "linux/amd64,linux/arm64", "--output",
                        "type=oci,dest=\(manifold.path("out.tar"))",
                        "--output", "type=oci,dest=\(manifold.path("out"))/", "--tag", "example.org/me/app:3",
                    ], context)
                try #require(log.succeeded, log.comment)
                let unpacked = manifold.path("unpacked")
                try FileManager.default.createDirectory(atPath: unpacked.string, withIntermediateDirectories: true)
                let tar = try await ChildProcess.run(
                    "tar", ["--extract", "--file", manifold.path("out.tar").string, "--directory", unpacked.string])
                #expect(tar.succeeded, tar.comment)
                let difference = try await ChildProcess.run(
                    "diff", ["--recursive", unpacked.string, manifold.path("out").string])
                #expect(difference.succeeded, difference.comment)
                let top = try ImageLayout(unpacked).top
                #expect(top["digest"].string == log.digest)
                #expect(top["mediaType"] == "application/vnd.oci.image.index.v1+json")
                let names = Set(top["annotations"].members.values.compactMap(\.string))
                #expect(!names.isDisjoint(with: ["3", "example.org/me/app:3"]), "\(top)")
                let copy = try await Program.skopeo(
                    "copy", "--all", "oci-archive:\(manifold.path("out.tar"))", "oci:\(manifold.path("copy")):1")
                #expect(copy.succeeded, copy.comment)
            }
        }

        @Test("one platform alone is a plain manifest; the digest is on standard output and in a file")
        func onePlatform() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/single:1"
                let context = try manifold.context(Program.dockerfile("COPY a /"), files: ["a": "1"])
                // Who builds writes the file.
                let file = manifold.path("digest")
                let result = try await manifold.run(
                    try ["build", "-q", "--iidfile", file.string, "--push", "-t", name] + Program.busybox
                        + ["--platform", "linux/arm64", context.string])
                try #require(result.succeeded, result.comment)
                let manifest = try #require(try await Program.raw(name))
                #expect(manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json")
                let inspect = try await Program.skopeo("inspect", "--tls-verify=false", "docker://\(name)")
                let digest = try #require(try JSONValue(parsing: inspect.stdout)["Digest"].string)
                #expect(result.output == digest + "\n")
                #expect(result.errorOutput == "")
                #expect(try manifold.text(of: file) == digest)
            }
        }

        @Test("plain progress names the platform on every line, and standard output stays empty")
        func plain() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(
                    Program.dockerfile("RUN printf 'one\\ntwo\\rthree\\n\\033[31mred\\033[0m no end'"))
                let result = try await manifold.run(
                    try ["build", "--progress", "plain", "--platform", "linux/amd64,linux/arm64"] + Program.busybox
                        + Program.layout(manifold) + [context.string])
                try #require(result.succeeded, result.comment)
                #expect(result.output == "")
                let lines = result.errorOutput.split(separator: "\n").map(String.init)
                let steps = lines.filter { $0.hasPrefix("#") && !$0.hasPrefix("#0 6") && !$0.hasPrefix("#0 4") }
                #expect(steps.count > 10)
                for line in steps {
                    #expect(["linux/amd64", "linux/arm64", "internal"].contains { line.contains($0) }, "\(line)")
                }
                #expect(lines.allSatisfy { !$0.contains("\u{1b}") && !$0.contains("\r") })
                for text in ["one", "three", "red no end"] {
                    #expect(lines.contains { $0.contains("linux/arm64") && $0.hasSuffix(" \(text)") }, result.comment)
                }
            }
        }

        @Test("json progress is nothing but objects, and those of a failed build are followed by the error")
        func json() async throws {
            try await Manifold.with { manifold in
                let good = try await Program.build(Program.dockerfile("RUN echo '\"{}\"'"), with: manifold)
                #expect(good.succeeded && good.message == "", good.comment)
                #expect(good.output(of: "linux/amd64") == ["\"{}\""])
                #expect(
                    Set(good.events.compactMap(\.["event"].string)).isSuperset(of: [
                        "planned", "started", "output", "finished", "completed",
                    ]))
                #expect(good.result.output == "")

                let bad = try await Program.build(Program.dockerfile("RUN exit 9"), with: manifold)
                #expect(bad.outcomes(of: "RUN") == ["failed"], bad.comment)
                #expect(bad.message == "error: linux/amd64: line 3: RUN exit 9: exit code 9\n", bad.comment)
            }
        }

        @Test("a live view on a terminal ends well and leaves the terminal as it was", .requiresProgram("script"))
        func terminal() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Program.dockerfile("RUN echo shown; sleep 0.3", "RUN exit 3"))
                let setting = Manifold.Setting(
                    environment: ["TERM": "xterm-256color"],
                    within: ["/bin/sh", "-c", "exec script -qec \"$*\" /dev/null", "sh"])
                let result = try await manifold.run(
                    try ["build"] + Program.busybox + ["--platform", "linux/amd64,linux/arm64", context.string], setting
                )
                #expect(result.status == .exited(1), result.comment)
                #expect(result.output.contains("\u{1b}["), "there is a terminal")
                #expect(result.output.contains("exit code 3") || result.output.contains("exit code: 3"), result.comment)
                #expect(result.output.contains(">>> RUN exit 3"), result.comment)
                // Whatever hid the cursor shows it again.
                let shown = result.output.ranges(of: "\u{1b}[?25h").last?.lowerBound
                let hidden = result.output.ranges(of: "\u{1b}[?25l").last?.lowerBound
                if let hidden { #expect(shown.map { $0 > hidden } == true) }
            }
        }

        @Test("without a destination the result stays in the store, and that is said")
        func storeOnly() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Program.dockerfile("COPY a /"), files: ["a": "1"])
                let log = try await manifold.build(try Program.busybox, context)
                #expect(log.succeeded, log.comment)
                #expect(
                    log.events.contains { $0["event"] == "warning" && $0["message"].string?.contains("--push") == true }
                )
            }
        }
    }
}
