// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Copies of images between registries, layouts, archives and the store")
    struct CopyTests {
        @Test("all platforms go to a registry by mounting and to a layout in one read, byte for byte")
        func severalTargets() async throws {
            try await Manifold.with { manifold in
                let source = "\(try SharedRegistry.host)/busybox:latest"
                let target = "\(try SharedRegistry.host)/copies/mounted:1"
                let layout = manifold.path("layout")
                let result = try await manifold.run(["copy", source, target, "oci:\(layout):1"])
                try #require(result.succeeded, result.comment)
                #expect(result.errorOutput.contains(" mounted 10 blobs "), result.comment)
                #expect(result.errorOutput.contains(" sent 10 blobs "), result.comment)
                let original = try await Program.document("docker://\(source)")
                #expect(try await Program.document("docker://\(target)") == original)
                #expect(try await Program.document("oci:\(layout):1") == original)
                let judge = try await Program.skopeo(
                    "copy", "--all", "oci:\(layout):1", "oci:\(manifold.path("judge")):1")
                #expect(judge.succeeded, judge.comment)

                let again = try await manifold.run(["copy", source, target])
                #expect(again.succeeded && again.errorOutput.contains("it is there already"), again.comment)
            }
        }

        @Test("a layout goes through the store to a registry, and only what is missing is sent")
        func throughTheStore() async throws {
            try await Manifold.with { manifold in
                let layout = try await BaseImages.layout("busybox")
                let host = try SharedRegistry.host
                let kept = try await manifold.run(["copy", "-q", "oci:\(layout):latest", "store:me/app:1"])
                try #require(kept.succeeded, kept.comment)
                #expect(kept.output == "\(try ImageLayout(layout).top["digest"].string ?? "")\n")
                let pushed = try await manifold.run(["copy", "store:me/app:1", "\(host)/copies/app:1"])
                try #require(pushed.succeeded, pushed.comment)
                let original = try await Program.document("oci:\(layout):latest")
                #expect(try await Program.document("docker://\(host)/copies/app:1") == original)
                let other = try await manifold.run(["copy", "store:me/app:1", "\(host)/copies/app:2"])
                #expect(other.errorOutput.contains(" 10 blobs there already "), other.comment)
            }
        }

        @Test("platforms are chosen: several make an index of them, one is the image itself")
        func platforms() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let source = "\(host)/busybox:latest"
                let several = try await manifold.run([
                    "copy", "--platform", "linux/arm64,amd64", source, "\(host)/copies/two:1",
                ])
                try #require(several.succeeded, several.comment)
                let index = try #require(try await Program.raw("\(host)/copies/two:1"))
                #expect(
                    index["manifests"].array.map { ImageLayout.platform($0["platform"]) }
                        == ["linux/amd64", "linux/arm64"])
                let one = try await manifold.run(["copy", "--platform", "aarch64", source, "\(host)/copies/one:1"])
                try #require(one.succeeded, one.comment)
                let manifest = try await Program.document("docker://\(host)/copies/one:1")
                #expect(manifest.contains("image.manifest.v1+json"))

                let none = try await manifold.run(["copy", "--platform", "s390x", source, "\(host)/copies/none:1"])
                #expect(
                    !none.succeeded && none.errorOutput.contains("has no image for linux/s390x; it has linux/amd64"))
                #expect(try await Program.raw("\(host)/copies/none:1") == nil)
            }
        }

        @Test("a target that fails is reported and keeps no other from its image")
        func failingTarget() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let result = try await manifold.run([
                    "copy", "\(host)/busybox:latest", "127.0.0.1:1/x:1", "\(host)/copies/good:1",
                ])
                #expect(result.status == .exited(1), result.comment)
                #expect(result.errorOutput.contains("error: cannot resolve 127.0.0.1:1/x:1"), result.comment)
                #expect(try await Program.raw("\(host)/copies/good:1") != nil)
            }
        }

        @Test("--if-match leaves a name that somebody has moved as it is")
        func ifMatch() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let name = "\(host)/copies/guarded:1"
                let first = try await manifold.run([
                    "copy", "-q", "--platform", "amd64", "\(host)/busybox:latest", name,
                ])
                try #require(first.succeeded, first.comment)
                let digest = first.output.filter { $0 != "\n" }
                let wrong = try await manifold.run([
                    "copy", "--if-match", "sha256:" + String(repeating: "1", count: 64), "\(host)/busybox:latest", name,
                ])
                #expect(!wrong.succeeded && wrong.errorOutput.contains("is left as it is"), wrong.comment)
                #expect(try await Program.raw(name)?["manifests"] == .null)
                let right = try await manifold.run(["copy", "--if-match", digest, "\(host)/busybox:latest", name])
                #expect(right.succeeded, right.comment)
                #expect(try await Program.raw(name)?["manifests"].array.count == 5)
            }
        }

        @Test("a damaged blob in the source is an error and leaves no tag")
        func damaged() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let layout = manifold.path("layout")
                let filled = try await manifold.run(["copy", "\(host)/busybox:latest", "oci:\(layout):1"])
                try #require(filled.succeeded, filled.comment)
                let layer = try #require(try ImageLayout(layout).image("linux/arm64").layers.first)
                let damage = try await ChildProcess.run(
                    "sh", ["-c", "printf X | dd of=\"$0\" bs=1 seek=100 conv=notrunc", layer.string])
                try #require(damage.succeeded, damage.comment)
                // A store that knows nothing of the registry, which would otherwise give the true bytes to its other repository.
                let result = try await manifold.run(
                    ["copy", "oci:\(layout):1", "\(host)/damaged:1"],
                    .environment(["MANIFOLD_ROOT": manifold.path("other").string]))
                #expect(!result.succeeded && result.errorOutput.contains("are not what it promises"), result.comment)
                #expect(try await Program.raw("\(host)/damaged:1") == nil)
            }
        }
    }

    /// A document as skopeo reads it, byte for byte.
    static func document(_ place: String) async throws -> String {
        let result = try await skopeo(
            ["inspect", "--raw"] + (place.hasPrefix("docker:") ? ["--tls-verify=false"] : []) + [place])
        try #require(result.succeeded, result.comment)
        return result.output
    }

    private static func skopeo(_ arguments: [String]) async throws -> ChildProcess.Result {
        try await ChildProcess.run("skopeo", ["--insecure-policy"] + arguments)
    }
}
