// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Archives of images")
    struct ArchiveCopyTests {
        @Test("an archive of a layout keeps all platforms, and skopeo and we read it byte for byte")
        func layoutArchive() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let file = manifold.path("all.tar")
                let written = try await manifold.run(["copy", "\(host)/busybox:latest", "oci-archive:\(file):1"])
                try #require(written.succeeded, written.comment)
                let original = try await Program.document("docker://\(host)/busybox:latest")
                #expect(try await Program.document("oci-archive:\(file):1") == original)
                let judge = try await Program.skopeo(
                    "copy", "--all", "oci-archive:\(file):1", "oci:\(manifold.path("judge")):1")
                #expect(judge.succeeded, judge.comment)
                let read = try await manifold.run(["copy", "oci-archive:\(file):1", "\(host)/archives/all:1"])
                try #require(read.succeeded, read.comment)
                #expect(try await Program.document("docker://\(host)/archives/all:1") == original)
            }
        }

        @Test("an archive for Docker holds one platform, and skopeo and we read it")
        func dockerArchive() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let file = manifold.path("one.tar")
                let several = try await manifold.run(["copy", "\(host)/busybox:latest", "docker-archive:\(file)"])
                #expect(!several.succeeded && several.errorOutput.contains("holds one platform"), several.comment)
                #expect(several.errorOutput.contains("--platform linux/amd64"), several.comment)
                let written = try await manifold.run([
                    "copy", "--platform", "arm64", "\(host)/busybox:latest", "docker-archive:\(file):me/app:1",
                ])
                try #require(written.succeeded, written.comment)
                let judge = try await Program.skopeo("inspect", "docker-archive:\(file):me/app:1")
                #expect(judge.succeeded, judge.comment)
                #expect(try JSONValue(parsing: judge.stdout)["Architecture"] == "arm64")
                let read = try await manifold.run(["inspect", "--json", "docker-archive:\(file):me/app:1"])
                try #require(read.succeeded, read.comment)
                #expect(try JSONValue(parsing: read.stdout)["images"][0]["platform"] == "linux/arm64")
            }
        }

        @Test("what other tools save is read: config and layers make an image whose layers are compressed and checked")
        func foreignArchive() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let file = manifold.path("skopeo.tar")
                let saved = try await Program.skopeo(
                    "copy", "--src-tls-verify=false", "docker://\(host)/busybox:latest",
                    "docker-archive:\(file):me/app:2")
                try #require(saved.succeeded, saved.comment)
                let read = try await manifold.run(["copy", "docker-archive:\(file)", "\(host)/archives/saved:1"])
                try #require(read.succeeded, read.comment)
                let judge = try await Program.skopeo(
                    "copy", "--src-tls-verify=false", "docker://\(host)/archives/saved:1",
                    "oci:\(manifold.path("judge")):1")
                #expect(judge.succeeded, judge.comment)
                let layout = ImageLayout(manifold.path("judge"))
                let image = try layout.image("linux/amd64")
                let base = try ImageLayout(try await BaseImages.layout("busybox")).image("linux/amd64")
                #expect(image.config["rootfs"] == base.config["rootfs"])
                #expect(image.manifest["layers"][0]["mediaType"].string?.hasSuffix("tar+gzip") == true)
                let wrong = try await manifold.run(["inspect", "docker-archive:\(file):me/other:1"])
                #expect(wrong.errorOutput.contains("it has no image called me/other:1; it has"), wrong.comment)
            }
        }

        @Test("what is no archive of images is an error, whatever it is", arguments: ["text", "tar", "nothing"])
        func noArchive(kind: String) async throws {
            try await Manifold.with { manifold in
                let file = manifold.path("file")
                try manifold.write("words", to: manifold.path("words"))
                switch kind {
                case "text": try manifold.write("no archive", to: file)
                case "tar":
                    let tar = try await ChildProcess.run(
                        "tar", ["--create", "--file", file.string, "--directory", manifold.directory.string, "words"])
                    try #require(tar.succeeded, tar.comment)
                default: break
                }
                for scheme in ["docker-archive", "oci-archive"] {
                    let result = try await manifold.run(["inspect", "\(scheme):\(file)"])
                    #expect(result.status == .exited(1) && result.errorOutput.hasPrefix("error: "), result.comment)
                }
            }
        }
    }
}
