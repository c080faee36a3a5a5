// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Lists of manifest-tool's files")
    struct PushSpecTests {
        /// Pushes an image for each of three platforms, as `NAME:amd64`, `NAME:arm-v7` and `NAME:arm64`.
        private static func images(_ name: String, with manifold: Manifold, _ arguments: [String] = []) async throws {
            let context = try manifold.context(
                "FROM scratch\nARG TARGETARCH\nCOPY a /$TARGETARCH\n", files: ["a": "1"])
            let log = try await manifold.build(
                [
                    "--platform", "linux/amd64,linux/arm/v7,linux/arm64", "-t",
                    "\(name):{architecture}-{variant}",
                ] + (arguments.isEmpty ? ["--push"] : arguments), context)
            try #require(log.succeeded, log.comment)
        }

        private static func push(
            _ text: String, _ arguments: String..., with manifold: Manifold
        ) async throws -> ChildProcess.Result {
            let file = manifold.path("spec.yaml")
            try manifold.write(text, to: file)
            return try await manifold.run(["manifest", "push-spec", file.string] + arguments)
        }

        private static func platforms(_ list: JSONValue) -> [String] {
            list["manifests"].array.map { ImageLayout.platform($0["platform"]) }.sorted()
        }

        @Test("a file of manifest-tool's makes its list, under every tag, also in another repository")
        func file() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                try await Self.images("\(host)/spec/parts", with: manifold)
                let result = try await Self.push(
                    """
                    # As in manifest-tool's README.
                    image: \(host)/spec/app:latest
                    tags: ['v1.0.0', "v1.0", v1, 1.10]
                    annotations:
                      org.example.a: b
                    manifests:
                      -
                        image: \(host)/spec/parts:arm64
                        platform:
                          architecture: arm64
                          os: linux
                      -
                        image: \(host)/spec/parts:arm-v7
                        platform: {architecture: arm, variant: v7, os: linux}
                      - image: \(host)/spec/parts:amd64
                    """, with: manifold)
                try #require(result.succeeded, result.comment)
                let list = try #require(try await Program.raw("\(host)/spec/app:latest"))
                #expect(list["mediaType"] == "application/vnd.oci.image.index.v1+json")
                #expect(Self.platforms(list) == ["linux/amd64", "linux/arm/v7", "linux/arm64"])
                #expect(list["annotations"].members == ["org.example.a": "b"])
                for tag in ["v1.0.0", "v1.0", "v1", "1.10"] {
                    #expect(try await Program.raw("\(host)/spec/app:\(tag)") == list)
                }
                let digest = try await Program.skopeo(
                    "inspect", "--format", "{{.Digest}}", "--tls-verify=false", "docker://\(host)/spec/app:v1")
                #expect(digest.output == result.output)
                let copy = try await Program.skopeo(
                    "copy", "--all", "--src-tls-verify=false", "docker://\(host)/spec/app:v1",
                    "oci:\(manifold.path("copy")):1")
                #expect(copy.succeeded, copy.comment)
            }
        }

        @Test("a template makes the list that a file would; where there is no variant its separator goes, too")
        func template() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                try await Self.images("\(host)/template/parts", with: manifold)
                let arguments = [
                    "manifest", "push-spec", "--platforms", "linux/amd64,linux/arm/v7", "--platforms", "linux/arm64",
                    "--template", "\(host)/template/parts:ARCH-VARIANT", "--target", "\(host)/template/app:1", "--tags",
                    "1.0,latest", "--annotations", "a.b=c",
                ]
                let rehearsal = try await manifold.run(arguments + ["--dry-run"])
                try #require(rehearsal.succeeded, rehearsal.comment)
                #expect(try await Program.raw("\(host)/template/app:1") == nil)
                let result = try await manifold.run(arguments + ["--if-match", "none"])
                try #require(result.succeeded, result.comment)
                let list = try #require(try await Program.raw("\(host)/template/app:1.0"))
                #expect(Self.platforms(list) == ["linux/amd64", "linux/arm/v7", "linux/arm64"])
                #expect(list["annotations"].members == ["a.b": "c"])
                #expect(try JSONValue(parsing: rehearsal.stdout) == list)
                #expect(try await Program.raw("\(host)/template/app:latest") == list)

                let moved = try await manifold.run(
                    arguments + ["--tags", "other", "--if-match", "sha256:\(String(repeating: "0", count: 64))"])
                #expect(moved.status == .exited(1))
                #expect(try await Program.raw("\(host)/template/app:other") == nil)
            }
        }

        @Test("Docker's images make Docker's list, and --type says otherwise")
        func types() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                try await Self.images(
                    "\(host)/types/parts", with: manifold, ["--output", "type=registry,oci-mediatypes=false"])
                let text = """
                    image: \(host)/types/app:TAG
                    manifests: [{image: "\(host)/types/parts:amd64"}, {image: "\(host)/types/parts:arm-v7"}]
                    """
                for (tag, arguments, type) in [
                    ("own", [], "application/vnd.docker.distribution.manifest.list.v2+json"),
                    ("oci", ["--type", "oci"], "application/vnd.oci.image.index.v1+json"),
                ] {
                    let file = manifold.path("\(tag).yaml")
                    try manifold.write(text.replacing("TAG", with: tag), to: file)
                    let result = try await manifold.run(["manifest", "push-spec", file.string] + arguments)
                    try #require(result.succeeded, result.comment)
                    #expect(try await Program.raw("\(host)/types/app:\(tag)")?["mediaType"].string == type)
                }
            }
        }

        @Test("several lists are told one by one; one that fails keeps no other back; what is missing can be left out")
        func several() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                try await Self.images("\(host)/several/parts", with: manifold)
                let text = ["a", "bad", "onbuild"].map { tag in
                    """
                    image: \(host)/several/app:\(tag)
                    manifests:
                      - {image: "\(host)/several/parts:amd64", platform: {os: linux, architecture: amd64}}
                      - {image: "\(host)/several/parts:\(tag == "bad" ? "gone" : "arm64")"}
                    """
                }.joined(separator: "\n---\n")
                let result = try await Self.push(text, with: manifold)
                #expect(result.status == .exited(1))
                #expect(result.errorOutput.contains("several/app:bad: "), result.comment)
                #expect(result.errorOutput.contains("1 of 3 lists were not published"), result.comment)
                let told = result.output.split(separator: "\n").compactMap { $0.split(separator: " ").last }
                #expect(told == ["\(host)/several/app:a", "\(host)/several/app:onbuild"])
                #expect(try await Program.raw("\(host)/several/app:bad") == nil)

                let without = try await Self.push(text, "--ignore-missing", with: manifold)
                try #require(without.succeeded, without.comment)
                #expect(without.errorOutput.contains("parts:gone is not there and left out"), without.comment)
                let list = try #require(try await Program.raw("\(host)/several/app:bad"))
                #expect(Self.platforms(list) == ["linux/amd64"])
            }
        }

        @Test(
            "mistakes are told with the line",
            arguments: [
                ("image: [a]\n", "spec.yaml:1: image has to be text, and this is a list"),
                ("image: me/app:1\nmanifests:\n  - imgae: x\n", "spec.yaml:3: an image needs the key image"),
                ("image: me/app:1\ntags: v1\n", "spec.yaml:2: tags has to be a list, and this is text"),
                ("image: me/app:1\nmanifests: []\n", "spec.yaml:2: the list has no images"),
                ("image: me/App:1\nmanifests: [{image: x}]\n", "spec.yaml:1: "),
                ("image: me/app:1\ntags: ['a b']\nmanifests: [{image: x}]\n", "spec.yaml:2: "),
                (
                    "image: a\nmanifests:\n  - image: x\n    platform:\n      {os: linux, architecture: x86}\n",
                    "spec.yaml:5: "
                ),
                ("image: a\nimage: b\n", "spec.yaml:2: the key \"image\" is there twice; first in line 1"),
                ("image: me/app:1\n\tmanifests: 1\n", "spec.yaml:2: "), ("", "spec.yaml is empty"),
                ("image: a\nmanifests: [{image: x}]\n---\nimage: a\nmanifests: [{image: y}]\n", "two lists would be a"),
            ])
        func mistakes(text: String, reason: String) async throws {
            try await Manifold.with { manifold in
                let result = try await Self.push(text, with: manifold)
                #expect(result.status == .exited(1))
                #expect(result.errorOutput.contains(reason), result.comment)
            }
        }

        @Test(
            "a key that there is not is warned of; credentials in the call are refused; a file or a template is needed")
        func calls() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let warned = try await Self.push(
                    "image: \(host)/x:1\nmanifests:\n  - image: \(host)/gone:1\n    platfrom: {os: linux}\n",
                    with: manifold)
                #expect(warned.errorOutput.contains("spec.yaml:4: an image has no key \"platfrom\""), warned.comment)
                #expect(warned.errorOutput.contains("did you mean platform?"), warned.comment)
                #expect(warned.status == .exited(1))
                for (arguments, reason) in [
                    (["--username", "u", "--password", "p", "f.yaml"], "credentials on the command line are refused"),
                    ([], "give --platforms, --template and --target"),
                    (["--platforms", "linux", "--template", "x-ARCH", "--target", "me/x"], "is not os/architecture"),
                    (["missing.yaml"], "there is no file missing.yaml"),
                ] {
                    let result = try await manifold.run(["manifest", "push-spec"] + arguments)
                    #expect(result.status == .exited(1))
                    #expect(result.errorOutput.contains(reason), result.comment)
                }
            }
        }
    }
}
