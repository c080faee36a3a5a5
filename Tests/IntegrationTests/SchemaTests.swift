// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite(
        "Every document that is written, judged by the schemas of the OCI image specification",
        .enabled(
            if: OCISchema.standard != nil,
            "the schemas are neither at $MANIFOLD_CONFORMANCE nor in ../shared/conformance beside the checkout"))
    struct SchemaTests {
        private static let dockerfile = """
            FROM scratch
            ARG TARGETARCH
            COPY $TARGETARCH a /d/
            COPY b /d/
            ENV A=1 B="2 3"
            EXPOSE 80 53/udp
            VOLUME ["/v", "/d"]
            USER 1:2
            WORKDIR /d/e
            LABEL l="1" m=""
            STOPSIGNAL SIGINT
            HEALTHCHECK --interval=5s CMD ["/d/a"]
            ONBUILD COPY . /
            SHELL ["/d/sh", "-c"]
            ENTRYPOINT ["/d/a"]
            CMD []

            """
        private static let files = ["a": "a", "b": "b", "amd64": "x", "arm64": "y", "arm": "z"]
        private static let three = ["--platform", "linux/amd64,linux/arm64,linux/arm/v6"]

        @Test("Debian's validator takes the specification's valid documents, and no others")
        func judge() async throws {
            let verdict = try await SchemaJudge.cases()
            #expect(verdict.problems.isEmpty, "\(verdict)")
            #expect(verdict.count > 50, "\(verdict)")
        }

        @Test("images of one platform and of several, annotated, in each compression, with Docker's types, in archives")
        func images() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Self.dockerfile, files: Self.files)
                let forms = [
                    "one": [], "zstd": ["compression=zstd,force-compression=true"], "tar": ["compression=uncompressed"],
                    "docker": ["oci-mediatypes=false"],
                ].mapValues { $0.map { ",\($0)" }.joined() }
                let outputs = forms.sorted { $0.key < $1.key }.flatMap { name, form in
                    ["--output", "type=oci,tar=false,dest=\(manifold.path(name))\(form)"]
                }
                let one = try await manifold.build(
                    ["-t", "a:1", "-t", "b:1", "--output", "type=docker,dest=\(manifold.path("save.tar"))"] + outputs,
                    context)
                try #require(one.succeeded, one.comment)
                let several = try await manifold.build(
                    Self.three + [
                        "-t", "a:1", "--annotation", "manifest,index,manifest-descriptor,index-descriptor:a.b=c",
                        "--annotation", "manifest[linux/arm64]:empty=", "--output",
                        "type=oci,dest=\(manifold.path("three.tar"))",
                        "--output", "type=oci,tar=false,dest=\(manifold.path("list")),oci-mediatypes=false",
                        "--cache-to", "type=local,dest=\(manifold.path("cache")),mode=max",
                    ], context)
                try #require(several.succeeded, several.comment)
                for name in forms.keys { try await Self.expectValid(manifold, name, images: 1) }
                for name in ["save", "three"] {
                    let unpacked = try await ChildProcess.run(
                        "sh",
                        [
                            "-c", #"mkdir "$1" && tar --extract --file "$1.tar" --directory "$1""#, "unpack",
                            manifold.path(name).string,
                        ])
                    try #require(unpacked.succeeded, unpacked.comment)
                    try await Self.expectValid(manifold, name, images: name == "save" ? 1 : 3)
                }
                try await Self.expectValid(manifold, "list", images: 3)
                try await Self.expectValid(manifold, "cache", images: 3)
            }
        }

        @Test("what a registry gets: images, caches, copies of some platforms, lists that are merged and made")
        func registry() async throws {
            try await Manifold.with { manifold in
                let host = "\(try SharedRegistry.host)/schemas"
                let context = try manifold.context(Self.dockerfile, files: Self.files)
                let pushed = try await manifold.build(
                    Self.three + [
                        "--push", "-t", "\(host)/app:1", "--push-by-digest", "--result",
                        manifold.path("result.json").string, "--annotation", "index:a=b",
                        "--cache-to", "type=registry,mode=max,ref=\(host)/cache:1",
                    ], context)
                try #require(pushed.succeeded, pushed.comment)
                let commands = [
                    ["manifest", "merge", "-t", "\(host)/merged:1", manifold.path("result.json").string],
                    ["copy", "\(host)/cache:1", "oci:\(manifold.path("out")):cache"],
                    [
                        "copy", "--platform", "linux/arm64,linux/arm/v6", "\(host)/merged:1",
                        "oci:\(manifold.path("out")):two", "store:two:1",
                    ],
                    ["copy", "--platform", "linux/arm64", "\(host)/merged:1", "oci:\(manifold.path("out")):arm64"],
                    ["copy", "store:two:1", "oci:\(manifold.path("out")):stored"],
                ]
                for command in commands {
                    let result = try await manifold.run(command)
                    try #require(result.succeeded, result.comment)
                }
                // Three of the cache, and the two that all copies share.
                try await Self.expectValid(manifold, "out", images: 5)
            }
        }

        private static func expectValid(_ manifold: Manifold, _ layout: String, images: Int) async throws {
            let verdict = try await SchemaJudge.layout(manifold.path(layout))
            #expect(verdict.problems.isEmpty, "\(layout): \(verdict)")
            #expect(verdict.manifests == images, "\(layout): \(verdict)")
        }
    }
}
