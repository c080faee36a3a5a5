// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("How images are written down: compression, media types, annotations, names")
    struct ImageFormTests {
        @Test("one build, four compressions: one config, layers that umoci unpacks, and the second time the same bytes")
        func compressions() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Program.dockerfile("COPY a /new"), files: ["a": "some content"])
                let forms: [(name: String, form: String, base: String, top: String)] = [
                    ("plain", "", "+gzip", "+gzip"),
                    ("zstd", ",compression=zstd,compression-level=5", "+gzip", "+zstd"),
                    ("tar", ",compression=uncompressed,force-compression=true", "", ""),
                    ("small", ",compression=gzip,compression-level=9,force-compression=true", "+gzip", "+gzip"),
                ]
                let arguments = forms.flatMap { ["-o", "type=oci,tar=false,dest=\(manifold.path($0.name))\($0.form)"] }
                let log = try await manifold.build(
                    try Program.busybox + ["--platform", "linux/amd64", "-t", "a:1"] + arguments, context)
                try #require(log.succeeded, log.comment)
                let plain = try ImageLayout(manifold.path("plain")).image("linux/amd64")
                var digests: [String: [String]] = [:]
                for (name, _, base, top) in forms {
                    let image = try ImageLayout(manifold.path(name)).image("linux/amd64")
                    #expect(image.config == plain.config)
                    let types = image.manifest["layers"].array.compactMap(\.["mediaType"].string)
                    let tar = "application/vnd.oci.image.layer.v1.tar"
                    #expect(types == [tar + base, tar + top], "\(name): \(types)")
                    digests[name] = image.layerDigests
                    // umoci of Debian knows no zstd.
                    if name == "zstd" {
                        let listed = try await ChildProcess.run(
                            "tar", ["--list", "--zstd", "--file", image.layers[1].string])
                        #expect(listed.output == "new\n", listed.comment)
                    } else {
                        let unpacked = try await ChildProcess.run(
                            "umoci",
                            [
                                "raw", "unpack", "--rootless", "--image", "\(manifold.path(name)):1",
                                manifold.path("\(name).files").string,
                            ])
                        #expect(unpacked.succeeded, unpacked.comment)
                    }
                    let copied = try await Program.skopeo(
                        "copy", "oci:\(manifold.path(name)):1", "dir:\(manifold.path("\(name).copy"))")
                    #expect(copied.succeeded, copied.comment)
                }
                #expect(digests["small"]?[0] != digests["plain"]?[0])
                for (name, form, _, _) in forms {
                    let again = manifold.path("\(name).again")
                    let log = try await manifold.build(
                        try Program.busybox + ["-o", "type=oci,tar=false,dest=\(again)\(form)"], context)
                    try #require(log.succeeded, log.comment)
                    #expect(try ImageLayout(again).image("linux/amd64").layerDigests == digests[name])
                }
            }
        }

        @Test("Docker's media types are a family of their own, also in a manifest list")
        func dockerTypes() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/docker-types:1"
                let context = try manifold.context(Program.dockerfile("COPY a /"), files: ["a": "1"])
                let log = try await manifold.build(
                    try Program.busybox + [
                        "--platform", "linux/amd64,linux/arm64", "-t", name, "-o",
                        "type=image,push=true,oci-mediatypes=false",
                    ], context)
                try #require(log.succeeded, log.comment)
                let index = try #require(try await Program.raw(name))
                #expect(index["mediaType"] == "application/vnd.docker.distribution.manifest.list.v2+json")
                let entry = index["manifests"][0]
                #expect(entry["mediaType"] == "application/vnd.docker.distribution.manifest.v2+json")
                let digest = try #require(entry["digest"].string)
                let manifest = try #require(try await Program.raw(name.dropLast(2) + "@" + digest))
                #expect(manifest["config"]["mediaType"] == "application/vnd.docker.container.image.v1+json")
                #expect(
                    manifest["layers"].array.allSatisfy {
                        $0["mediaType"] == "application/vnd.docker.image.rootfs.diff.tar.gzip"
                    })
            }
        }

        @Test("annotations go where they are for, keys as they are written; the metadata file has them")
        func annotations() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM scratch\nCOPY a /\n", files: ["a": "1"])
                let out = manifold.path("out")
                let metadata = manifold.path("metadata.json")
                let log = try await manifold.build(
                    [
                        "--platform", "linux/amd64,linux/arm64", "-t", "me/app:2", "--metadata-file", metadata.string,
                        "--annotation", "All.Manifests=x=y", "--annotation", "index,manifest-descriptor:both=1",
                        "--annotation", "manifest[linux/arm64]:one=2", "-o",
                        "type=oci,tar=false,dest=\(out),annotation-index-descriptor.top=3,annotation.Org.Key=4",
                    ], context)
                try #require(log.succeeded, log.comment)
                let layout = ImageLayout(out)
                let top = try layout.top
                #expect(top["annotations"]["top"] == "3")
                let index = try JSONValue(
                    parsing: Array(
                        try Data(
                            contentsOf: URL(
                                filePath: "\(out)/blobs/sha256/\(top["digest"].string?.dropFirst(7) ?? "")"))))
                #expect(index["annotations"].members == ["both": "1"])
                for entry in try layout.descriptors() { #expect(entry["annotations"].members == ["both": "1"]) }
                let (amd, arm) = (try layout.image("linux/amd64"), try layout.image("linux/arm64"))
                #expect(amd.manifest["annotations"].members == ["All.Manifests": "x=y", "Org.Key": "4"])
                #expect(arm.manifest["annotations"].members == ["All.Manifests": "x=y", "Org.Key": "4", "one": "2"])
                let written = try JSONValue(parsing: Array(manifold.text(of: metadata).utf8))
                #expect(written["containerimage.digest"] == top["digest"])
                #expect(written["containerimage.descriptor"]["annotations"].members == ["top": "3"])
                #expect(written["image.name"] == "docker.io/me/app:2")
            }
        }

        @Test("pushed by digest no tag is made; canonical names are told")
        func byDigest() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/by-digest"
                let context = try manifold.context("FROM scratch\nCOPY a /\n", files: ["a": "1"])
                let log = try await manifold.build(
                    ["-o", "type=image,name=\(name),push=true,push-by-digest=true"], context)
                try #require(log.succeeded, log.comment)
                let digest = try #require(log.digest)
                #expect(log.events.last?["names"].array.compactMap(\.string) == ["\(name)@\(digest)"])
                #expect(try await Program.raw("\(name)@\(digest)") != nil)
                #expect(try await Program.raw("\(name):latest") == nil)
                let canonical = try await manifold.build(
                    ["-o", "type=registry,\"name=\(name):1,\(name):2\",name-canonical=true"], context)
                try #require(canonical.succeeded, canonical.comment)
                #expect(
                    canonical.events.last?["names"].array.compactMap(\.string)
                        == ["\(name):1", "\(name):2", "\(name)@\(digest)"])
            }
        }

        @Test("an archive for Docker is read by skopeo under its name; of several platforms there is none")
        func dockerArchive() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Program.dockerfile("COPY a /"), files: ["a": "1"])
                let archive = manifold.path("docker.tar")
                let log = try await manifold.build(
                    try Program.busybox + ["-t", "me/app:3", "-o", "type=docker,dest=\(archive)"], context)
                try #require(log.succeeded, log.comment)
                let copied = try await Program.skopeo(
                    "copy", "docker-archive:\(archive):me/app:3", "oci:\(manifold.path("copy")):3")
                #expect(copied.succeeded, copied.comment)
                let asLayout = try await Program.skopeo("inspect", "oci-archive:\(archive)")
                #expect(asLayout.succeeded, asLayout.comment)
                let several = try await manifold.build(
                    try Program.busybox + [
                        "--platform", "linux/amd64,linux/arm64", "-o", "type=docker,dest=\(archive)",
                    ],
                    context)
                #expect(!several.succeeded && several.message.contains("type=oci"), several.comment)
            }
        }
    }
}
