// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Manifest lists are made, changed and pushed")
    struct ManifestListTests {
        private static func manifest(
            _ manifold: Manifold, _ arguments: String...
        ) async throws -> ChildProcess.Result {
            try await manifold.run(["manifest"] + arguments)
        }

        /// One image for each platform under tags of its own, as jobs push them.
        private static func images(_ platforms: [String], _ repository: String, _ manifold: Manifold) async throws {
            for platform in platforms {
                let tag = platform.split(separator: "/").dropFirst().joined()
                let copy = try await manifold.run([
                    "copy", "-q", "--platform", platform, "\(try SharedRegistry.host)/busybox", "\(repository):\(tag)",
                ])
                try #require(copy.succeeded, copy.comment)
            }
        }

        private static func platforms(_ name: String) async throws -> [String]? {
            try await Program.raw(name)?["manifests"].array.map { ImageLayout.platform($0["platform"]) }
        }

        @Test("a list is pushed in one step, from tags of another repository, and given platforms are normalised")
        func inOneStep() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                try await Self.images(["linux/amd64", "linux/arm64", "linux/arm/v7"], "\(host)/parts", manifold)
                let name = "\(host)/lists/app:1"
                let made = try await Self.manifest(
                    manifold, "create", "--push", name, "\(host)/parts:armv7=arm32v6", "\(host)/parts:arm64=armv8",
                    "\(host)/parts:amd64=x86_64", "-t", "\(host)/lists/app:latest", "--annotation", "index:a.b=c",
                    "--annotation", "manifest-descriptor[linux/arm64]:d.e=f")
                try #require(made.succeeded, made.comment)
                #expect(made.errorOutput.contains("\"arm32v6\" is linux/arm/v6"), made.comment)
                #expect(made.errorOutput.contains("\"armv8\" is linux/arm64"), made.comment)
                #expect(made.errorOutput.contains("though its config says linux/arm/v7"), made.comment)
                #expect(try await Self.platforms(name) == ["linux/amd64", "linux/arm64", "linux/arm/v6"])
                let list = try #require(try await Program.raw(name))
                #expect(list["annotations"].members == ["a.b": "c"])
                #expect(list["manifests"][1]["annotations"].members == ["d.e": "f"])
                #expect(try await Program.raw("\(host)/lists/app:latest") == list)
                let judge = try await Program.skopeo(
                    "copy", "--all", "--src-tls-verify=false", "docker://\(name)", "oci:\(manifold.path("judge")):1")
                #expect(judge.succeeded, judge.comment)
                let who = try await Self.manifest(manifold, "inspect", "--platform", "linux/arm/v7", name)
                #expect(who.output.hasPrefix("linux/arm/v7 gets linux/arm/v6, which is for an older variant"))
            }
        }

        @Test("a list in the store leaves layers where they are, is shown, changed and pushed elsewhere; -p forgets it")
        func inTheStore() async throws {
            try await DebianRegistry.with { other in
                try await Manifold.with { manifold in
                    let host = try SharedRegistry.host
                    let name = "\(other.host)/far/app:1"
                    let made = try await Self.manifest(
                        manifold, "create", name, "\(host)/busybox=linux/amd64", "\(host)/busybox=linux/arm/v7")
                    try #require(made.succeeded, made.comment)
                    #expect(try await Program.raw(name) == nil)
                    let listed = try await manifold.run(["images"])
                    #expect(listed.output.contains("linux/amd64,linux/arm/v7"), listed.comment)
                    let added = try await Self.manifest(manifold, "add", name, "\(host)/busybox=linux/arm64")
                    try #require(added.succeeded, added.comment)
                    let again = try await Self.manifest(manifold, "add", name, "\(host)/busybox=linux/arm64")
                    #expect(again.output == added.output, "the same again changes nothing")
                    let shown = try await Self.manifest(manifold, "inspect", "--raw", name)
                    let pushed = try await Self.manifest(manifold, "push", "-p", "--all", name)
                    try #require(pushed.succeeded, pushed.comment)
                    #expect(pushed.output == added.output)
                    #expect(try await Program.document("docker://\(name)") == shown.output)
                    let judge = try await Program.skopeo(
                        "copy", "--all", "--src-tls-verify=false", "docker://\(name)",
                        "oci:\(manifold.path("judge")):1")
                    #expect(judge.succeeded, judge.comment)
                    let gone = try await Self.manifest(manifold, "push", name)
                    #expect(gone.errorOutput.contains("there is no image called"), gone.comment)
                }
            }
        }

        @Test("a list in a registry is annotated, cut and refilled there, by whoever read it last")
        func inTheRegistry() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let name = "\(host)/remote/app:1"
                let copy = try await manifold.run(["copy", "-q", "\(host)/busybox", name])
                try #require(copy.succeeded, copy.comment)
                let before = try #require(try await Self.platforms(name))
                let cut = try await Self.manifest(manifold, "remove", name, "linux/arm/v7", "arm64")
                try #require(cut.succeeded, cut.comment)
                #expect(
                    try await Self.platforms(name)
                        == before.filter { $0 != "linux/arm/v7" && !$0.hasPrefix("linux/arm64") })
                let stale = try await Self.manifest(
                    manifold, "replace", "--if-match", copy.output.filter { $0 != "\n" }, name, "\(host)/busybox")
                #expect(stale.errorOutput.contains("is left as it is"), stale.comment)
                let filled = try await Self.manifest(manifold, "replace", name, "\(host)/busybox")
                try #require(filled.succeeded, filled.comment)
                #expect(try await Self.platforms(name)?.sorted() == before.sorted())
                let noted = try await Self.manifest(
                    manifold, "annotate", name, "linux/amd64", "--os-features", "b,a", "--annotation", "x.y=z")
                try #require(noted.succeeded, noted.comment)
                let entry = try await Program.raw(name)?["manifests"].array.first {
                    ImageLayout.platform($0["platform"]) == "linux/amd64"
                }
                #expect(entry?["annotations"].members == ["x.y": "z"])
                #expect(entry?["platform"]["os.features"] == ["a", "b"])
                let docker = try await Self.manifest(
                    manifold, "create", "--push", "--amend", "--oci-mediatypes=false", name, "\(host)/busybox")
                try #require(docker.succeeded, docker.comment)
                #expect(
                    try await Program.raw(name)?["mediaType"]
                        == "application/vnd.docker.distribution.manifest.list.v2+json")
            }
        }

        @Test(
            "a list grows in a layout, a damaged one is not taken for none, and lint reads a list whose layers are elsewhere"
        )
        func grows() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                try await Self.images(["linux/amd64", "linux/arm64"], "\(host)/grows", manifold)
                let layout = manifold.path("grown")
                for tag in ["amd64", "arm64"] {
                    let made = try await Self.manifest(
                        manifold, "create", "--push", "--amend", "oci:\(layout):1", "\(host)/grows:\(tag)")
                    try #require(made.succeeded, made.comment)
                }
                for platform in ["linux/amd64", "linux/arm64"] {
                    #expect(try !ImageLayout(layout).image(platform).layerDigests.isEmpty)
                }
                try manifold.write("broken", to: layout.appending("index.json"))
                let refused = try await Self.manifest(
                    manifold, "create", "--push", "--amend", "oci:\(layout):1", "\(host)/grows:arm64")
                #expect(!refused.succeeded, refused.comment)
                #expect(try manifold.text(of: layout.appending("index.json")) == "broken")

                let kept = try await Self.manifest(
                    manifold, "create", "kept:1", "\(host)/grows:amd64", "\(host)/grows:arm64")
                try #require(kept.succeeded, kept.comment)
                let lint = try await Self.manifest(manifold, "lint", "store:kept:1")
                #expect(lint.succeeded && !lint.output.contains("cannot be used"), lint.comment)
            }
        }

        @Test("of two who add to one list at one moment, nobody's entry is lost without a word", arguments: 0..<3)
        func together(round: Int) async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let name = "\(host)/lists/together:\(round)"
                let made = try await Self.manifest(
                    manifold, "create", "-q", "--push", name, "\(host)/busybox=linux/386")
                try #require(made.succeeded, made.comment)
                async let first = Self.manifest(manifold, "add", "-q", name, "\(host)/busybox=linux/amd64")
                async let second = Self.manifest(manifold, "add", "-q", name, "\(host)/busybox=linux/arm64")
                let results = [("linux/amd64", try await first), ("linux/arm64", try await second)]
                let platforms = try await Self.platforms(name) ?? []
                for (platform, result) in results where result.succeeded {
                    #expect(platforms.contains(platform), result.comment)
                }
                #expect(platforms.contains("linux/386") && platforms.count > 1)
            }
        }

        @Test("layouts, archives and the store are sources, and a list is an archive as well")
        func otherPlaces() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let (layout, archive, saved) = (manifold.path("l"), manifold.path("a.tar"), manifold.path("d.tar"))
                for (platform, target) in [
                    ("linux/amd64", "oci:\(layout):1"), ("linux/arm64", "oci-archive:\(archive):1"),
                    ("linux/arm/v7", "docker-archive:\(saved):me/x:1"), ("linux/arm/v6", "store:kept:1"),
                ] {
                    let platform = platform == "linux/arm/v6" ? "linux/386" : platform
                    let copy = try await manifold.run([
                        "copy", "-q", "--platform", platform, "\(host)/busybox", target,
                    ])
                    try #require(copy.succeeded, copy.comment)
                }
                let sources = [
                    "oci:\(layout):1", "oci-archive:\(archive)", "docker-archive:\(saved)", "store:kept:1",
                ]
                let made = try await manifold.run(
                    ["manifest", "create", "--push", "\(host)/mixed/app:1"] + sources)
                try #require(made.succeeded, made.comment)
                #expect(
                    try await Self.platforms("\(host)/mixed/app:1")
                        == ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/386"])
                let stored = try await manifold.run(["manifest", "create", "mixed:1"] + sources)
                #expect(stored.output == made.output, stored.comment)
                let file = manifold.path("list.tar")
                let written = try await manifold.run(["manifest", "push", "mixed:1", "oci-archive:\(file):1"])
                try #require(written.succeeded, written.comment)
                #expect(
                    try await Program.document("oci-archive:\(file):1")
                        == (try await Program.document("docker://\(host)/mixed/app:1")))
            }
        }

        @Test(
            "what cannot be a list is refused with a suggestion, and nothing is pushed",
            arguments: [
                (["SRC=x86"], "did you mean linux/amd64 or linux/386?"),
                (["SRC=linux/arm64/banana"], "did you mean linux/arm64"),
                (["SRC=linux/s390x/v9"], "did you mean linux/s390x?"),
                (["SRC:amd64", "SRC:arm64=amd64"], "the list has an image for linux/amd64 already"),
                (["SRC=linux/mips64le", "SRC:amd64"], "has no image for linux/mips64le; it has linux/amd64"),
                (["SRC:missing"], "cannot"),
                (["oci:/nowhere"], "there is no such directory"),
                (["--attestations", "maybe", "SRC"], "'--attestations"),
                (["--if-match", "sha256:1", "SRC"], "give a whole digest, or none"),
                (["--annotation", "manifest:a=b", "SRC"], "can be annotated here"),
                (["--format", "docker", "--annotation", "a=b", "SRC"], "cannot have annotations"),
            ])
        func refusals(arguments: [String], message: String) async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let name = "\(host)/refused/list:1"
                try await Self.images(["linux/amd64", "linux/arm64"], "\(host)/busybox", manifold)
                let words = arguments.map { $0.replacing("SRC", with: "\(host)/busybox") }
                let result = try await manifold.run(["manifest", "create", "--push", name] + words)
                #expect(!result.succeeded && result.errorOutput.contains(message), result.comment)
                #expect(try await Program.raw(name) == nil)
            }
        }
    }
}
