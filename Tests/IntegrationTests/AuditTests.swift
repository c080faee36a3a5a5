// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("The audit of finished images")
    struct AuditTests {
        private static let words =
            "/usr/bin/app (CMD) is an x86-64 program for linux/amd64, which linux/arm64 does not run"

        /// A context with a program for this machine alone, `app`.
        private static func context(_ manifold: Manifold, _ instructions: String...) throws -> FilePath {
            let lines = ["ARG BASE=busybox", "FROM $BASE"] + instructions
            let context = try manifold.context(lines.joined(separator: "\n") + "\n")
            try manifold.write(ELFBuilder(machine: 62).bytes, to: context.appending("app"))
            return context
        }

        private static let platforms = ["--platform", "linux/amd64,linux/arm64"]

        @Test("a wrong CMD ends the build before anything has a name, unless that is allowed")
        func wrongProgram() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/audit/wrong:1"
                let context = try Self.context(manifold, "COPY --chmod=755 app /bin/app", #"CMD ["app"]"#)
                let arguments = try Program.busybox + Self.platforms + ["-t", name, "--push"]
                let failed = try await manifold.build(arguments, context)
                #expect(failed.result.status == .exited(1), failed.comment)
                #expect(failed.message.contains("error: linux/arm64: line 3: \(Self.words) (layer "), failed.comment)
                #expect(failed.message.contains("COPY --chmod=755 app /bin/app"), failed.comment)
                #expect(!failed.message.contains("linux/amd64: "), failed.comment)
                #expect(try await Program.raw(name) == nil)
                let images = try await manifold.run(["images"])
                #expect(!images.output.contains("audit/wrong"), images.comment)
                // Also when every step was done before, by a store that knew nothing of programs yet.
                let facts = manifold.store.appending("facts").string
                try FileManager.default.removeItem(atPath: facts)
                let again = try await manifold.build(arguments, context)
                #expect(again.message.contains(Self.words), again.comment)
                #expect(again.outcomes(of: "COPY") == ["cached", "cached"] || again.outcomes(of: "COPY") == ["cached"])
                let allowed = try await manifold.build(arguments + ["--audit-allow", "/bin/a*"], context)
                #expect(allowed.succeeded && Self.warnings(of: allowed).isEmpty, allowed.comment)
                let warned = try await manifold.build(arguments + ["--audit=warn"], context)
                #expect(warned.succeeded, warned.comment)
                #expect(Self.warnings(of: warned).contains { $0.contains(Self.words) }, warned.comment)
                let off = try await manifold.build(arguments + ["--audit=off"], context)
                #expect(off.succeeded && Self.warnings(of: off).isEmpty, off.comment)
                let slip = try await manifold.build(arguments + ["--audit=on"], context)
                #expect(slip.message.contains("--audit on: there is no such level"), slip.comment)
            }
        }

        private static func warnings(of log: BuildLog) -> [String] {
            log.events.filter { $0["event"] == "warning" && $0["rule"].string == nil }.compactMap(\.["message"].string)
        }

        @Test("another wrong file is a warning with its line, and none when a later step removes it")
        func otherFiles() async throws {
            try await Manifold.with { manifold in
                let context = try Self.context(
                    manifold, "COPY --chmod=755 app /opt/one", "COPY --chmod=755 app /opt/two",
                    "RUN rm /opt/one && printf '#!/bin/none\\n' >/bin/script && chmod +x /bin/script")
                let arguments = try Program.busybox + ["--platform", "linux/arm64"] + Program.layout(manifold)
                let log = try await manifold.build(arguments, context)
                try #require(log.succeeded, log.comment)
                let warnings = log.events.filter { $0["event"] == "warning" }.filter {
                    $0["message"].string?.contains("linux/arm64: /") == true
                }
                #expect(warnings.map { $0["firstLine"] } == [4, 5], log.comment)
                #expect(warnings.first?["message"].string?.contains("/opt/two is an x86-64 program") == true)
                #expect(
                    warnings.last?["message"].string?.contains("/bin/script is a script for /bin/none") == true,
                    log.comment)
                let strict = try await manifold.build(arguments + ["--audit=error"], context)
                #expect(!strict.succeeded && strict.message.contains("/opt/two"), strict.comment)
                #expect(!strict.message.contains("/opt/one is"), strict.comment)
            }
        }

        @Test(
            "layers of a base that are only mounted are not fetched for the audit, unless everything is to be looked at"
        )
        func mountedBase() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/audit/mounted:1"
                let context = try Self.context(manifold, "LABEL a=b", #"CMD ["none"]"#)
                let arguments = try Program.busybox + ["--platform", "linux/arm64", "-t", name, "--push"]
                let mounted = try await manifold.build(arguments, context)
                try #require(mounted.succeeded, mounted.comment)
                #expect(!mounted.titles.contains { $0.hasPrefix("pull") }, mounted.comment)
                #expect(mounted.events.last?["images"][0]["audit"] == "not audited", mounted.comment)
                let strict = try await manifold.build(arguments + ["--audit=error"], context)
                #expect(strict.titles.contains { $0.hasPrefix("pull") }, strict.comment)
                #expect(strict.message.contains("CMD names none, which is nowhere in the image's PATH"), strict.comment)
            }
        }

        @Test(
            "manifold audit finds the same wherever an image lies, reads each layer once, and its exit code says how it is"
        )
        func places() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let context = try Self.context(manifold, "COPY --chmod=755 app /bin/app", #"CMD ["app"]"#)
                let built = try await manifold.build(
                    try Program.busybox + Self.platforms + [
                        "--audit=off", "-t", "\(host)/audit/places:1", "--push",
                        "--output", "type=oci,dest=\(manifold.path("archive.tar"))",
                        "--output", "type=oci,dest=\(manifold.path("layout"))/",
                    ], context)
                try #require(built.succeeded, built.comment)
                let kept = try await manifold.run(["pull", "\(host)/audit/places:1"])
                try #require(kept.succeeded, kept.comment)
                for place in [
                    "\(host)/audit/places:1", "oci:\(manifold.path("layout"))",
                    "oci-archive:\(manifold.path("archive.tar"))", "store:\(host)/audit/places:1",
                ] {
                    let result = try await manifold.run(["audit", "--progress", "plain", "--json", place])
                    #expect(result.status == .exited(1), result.comment)
                    let report = try JSONValue(parsing: result.stdout)
                    #expect(report["platforms"].array.map { $0["ok"] } == [true, false], result.comment)
                    #expect(report["platforms"].array.map { $0["files"] } == [2, 2], result.comment)
                    let finding = report["platforms"].array.last?["findings"].array.first
                    #expect(finding?["path"] == "/usr/bin/app" && finding?["role"] == "CMD", result.comment)
                    #expect(finding?["kind"] == "foreign" && finding?["severity"] == "error", result.comment)
                    // What the first place taught serves for all others.
                    let reads = result.errorOutput.split(separator: "\n").filter { $0.contains("] read ") }.count
                    #expect(reads == (place.hasPrefix(host) ? 3 : 0), result.comment)
                }
                let place = "oci:\(manifold.path("layout"))"
                for (arguments, status) in [
                    ([place, "--platform", "linux/amd64"], 0), ([place, "--level", "warn"], 0),
                    ([place, "--allow", "/bin/app"], 0), ([place, "--level", "error"], 1),
                    ([place, "--level", "off"], 2),
                    ([place, "--platform", "linux/s390x"], 2), (["oci:\(manifold.path("none"))"], 2),
                    (["\(host)/busybox", "--level", "error"], 0),
                ] as [([String], Int32)] {
                    let result = try await manifold.run(["audit"] + arguments)
                    #expect(result.status == .exited(status), result.comment)
                }
                let text = try await manifold.run(["audit", place])
                #expect(text.output.contains("error: linux/arm64: \(Self.words)"), text.comment)
                #expect(text.output.contains(/linux\/amd64 +[0-9a-f]{12} +2 +ok\n/), text.comment)
            }
        }

        @Test("a layer that is damaged or gone is unreadable, and the other platforms are told all the same")
        func damaged() async throws {
            try await Manifold.with { manifold in
                let layout = manifold.path("layout")
                let copied = try await manifold.run(["copy", "\(try SharedRegistry.host)/busybox", "oci:\(layout)"])
                try #require(copied.succeeded, copied.comment)
                let image = try ImageLayout(layout).image("linux/arm64")
                let blob = try #require(image.layers.first)
                try manifold.write(Array("damage".utf8), to: blob)
                let result = try await manifold.run(["audit", "oci:\(layout)"])
                #expect(result.status == .exited(2), result.comment)
                #expect(result.output.contains("error: linux/arm64: "), result.comment)
                #expect(result.output.split(separator: "\n").filter { $0.hasSuffix("ok") }.count >= 4, result.comment)
            }
        }
    }
}
