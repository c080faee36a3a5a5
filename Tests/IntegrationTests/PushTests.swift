// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Under which names, where and how surely a result is pushed")
    struct PushTests {
        private static let dockerfile = "FROM scratch\nARG TARGETARCH\nCOPY a /$TARGETARCH\n"
        private static let three = ["--platform", "linux/amd64,linux/arm/v7,linux/arm64"]

        private static func context(_ manifold: Manifold) throws -> FilePath {
            try manifold.context(dockerfile, files: ["a": "1"])
        }

        @Test("a name with {arch} is each platform's own; the list has the others, and the very same manifests")
        func perPlatform() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let log = try await manifold.build(
                    Self.three + [
                        "-t", "\(host)/per/app:1", "-t", "\(host)/per/app:{arch}-{version}", "-t",
                        "\(host)/per-{arch}/app:{date:%Y%m%d%H%M}-{architecture}-{variant}-{build}", "--push",
                    ], try Self.context(manifold),
                    .environment(["SOURCE_DATE_EPOCH": "1700000000", "IMAGE_VERSION": "3.6", "BUILD_NUMBER": "17"]))
                try #require(log.succeeded, log.comment)
                let entries = try #require(try await Program.raw("\(host)/per/app:1"))["manifests"].array
                let names = [
                    ("amd64", "202311142213-amd64-17"), ("arm32v7", "202311142213-arm-v7-17"),
                    ("arm64v8", "202311142213-arm64-17"),
                ]
                #expect(entries.count == names.count)
                for (entry, (arch, dated)) in zip(entries, names) {
                    for name in ["\(host)/per/app:\(arch)-3.6", "\(host)/per-\(arch)/app:\(dated)"] {
                        let inspect = try await Program.skopeo(
                            "inspect", "--raw", "--tls-verify=false", "docker://\(name)")
                        try #require(inspect.succeeded, inspect.comment)
                        let layers = try JSONValue(parsing: inspect.stdout)["layers"].array
                        #expect(layers.count == 1)
                        let digest = try await Program.skopeo(
                            "inspect", "--format", "{{.Digest}}", "--tls-verify=false", "docker://\(name)")
                        #expect(digest.output == (entry["digest"].string ?? "") + "\n")
                        let copy = try await Program.skopeo(
                            "copy", "--src-tls-verify=false", "docker://\(name)",
                            "oci:\(manifold.path("copy-\(arch)-\(name.count)")):1")
                        #expect(copy.succeeded, copy.comment)
                    }
                }
            }
        }

        @Test("without a name for the whole only the images are published, which is said")
        func imagesOnly() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let log = try await manifold.build(
                    Self.three + ["-t", "\(host)/only-images:1-{platform}", "--push"], try Self.context(manifold))
                try #require(log.succeeded, log.comment)
                #expect(log.events.contains { $0["message"].string?.contains("no list") == true }, log.comment)
                let tags = try await Program.skopeo("list-tags", "--tls-verify=false", "docker://\(host)/only-images")
                #expect(
                    try JSONValue(parsing: tags.stdout)["Tags"].strings.sorted() == [
                        "1-linux-amd64", "1-linux-arm-v7", "1-linux-arm64",
                    ])
            }
        }

        @Test("a layout and the store have single images under their names, too")
        func elsewhere() async throws {
            try await Manifold.with { manifold in
                let layout = manifold.path("out")
                let log = try await manifold.build(
                    Self.three + [
                        "-t", "example.org/me/app:1", "-t", "example.org/me/app:1-{arch}", "--output",
                        "type=oci,tar=false,dest=\(layout)", "--output", "type=image",
                    ], try Self.context(manifold))
                try #require(log.succeeded, log.comment)
                let copy = try await Program.skopeo(
                    "copy", "oci:\(layout):1-arm32v7", "oci:\(manifold.path("copy")):1")
                try #require(copy.succeeded, copy.comment)
                let one = ImageLayout(manifold.path("copy"))
                #expect(try one.top["mediaType"] == "application/vnd.oci.image.manifest.v1+json")
                #expect(try one.image("linux/arm/v7").layers.count == 1)
                let images = try await manifold.run(["images"])
                for name in ["1", "1-amd64", "1-arm32v7", "1-arm64v8"] {
                    #expect(images.output.contains("app:\(name) ") || images.output.contains("app:\(name)\n"))
                }
            }
        }

        @Test(
            "a name that means nothing is refused before anything is built",
            arguments: [
                ("me/app:{arc}", "did you mean {arch}? There are: {arch}, {architecture}"),
                ("me/app:{arch", "a brace has no partner"),
                ("me/app:{os}", "would both be me/app:linux"),
                ("me/app:{git.short}", "the build context has to be a checkout"),
                ("me/app:{build}", "BUILD_NUMBER, GITHUB_RUN_NUMBER"),
                ("me/app:{arch:x}", "{arch} has nothing after it"),
                ("me/app:{date:%H:%M}", "is not an image reference"),
                ("whoami:arm32", "where only Docker's own images are"),
            ])
        func refused(name: String, reason: String) async throws {
            try await Manifold.with { manifold in
                let log = try await manifold.build(Self.three + ["-t", name, "--push"], try Self.context(manifold))
                #expect(log.result.status == .exited(1))
                #expect(log.message.contains(reason), log.comment)
                #expect(log.outcomes(of: "COPY") == [])
            }
        }

        @Test("{git.short} and its kin are those of the context")
        func git() async throws {
            try await Manifold.with { manifold in
                let context = try Self.context(manifold)
                let script = """
                    git init -q -b feature/x && git config user.name t && git config user.email t@example.org \
                    && git add . && git commit -q -m 1 && git tag v1.0 && git rev-parse --short HEAD
                    """
                let result = try await ChildProcess.run("sh", ["-c", "cd \(context) && \(script)"])
                try #require(result.succeeded, result.comment)
                let short = result.output.split(separator: "\n").last.map(String.init) ?? ""
                let host = try SharedRegistry.host
                let log = try await manifold.build(
                    ["-t", "\(host)/from-git:{git.short}-{git.tag}-{git.branch}", "--push"], context,
                    .environment([
                        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
                    ]))
                try #require(log.succeeded, log.comment)
                #expect(try await Program.raw("\(host)/from-git:\(short)-v1.0-feature-x") != nil)
            }
        }

        @Test("--push=auto pushes where CI is set, and says what it chose", arguments: [nil, "true", "false"])
        func auto(continuous: String?) async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/auto-\(continuous ?? "unset"):1"
                let log = try await manifold.build(
                    ["-t", name, "--push=auto"], try Self.context(manifold),
                    .environment(continuous.map { ["CI": $0] } ?? [:]))
                try #require(log.succeeded, log.comment)
                let isPushed = continuous == "true"
                #expect(try await (Program.raw(name) != nil) == isPushed)
                let said = isPushed ? "$CI is set, so the result is pushed" : "$CI is not set, so nothing is pushed"
                #expect(log.events.contains { $0["message"].string?.contains(said) == true }, log.comment)
            }
        }

        @Test(
            "--push-to brings every name to every registry; one that fails keeps no other from it and fails the build")
        func several() async throws {
            try await DebianRegistry.with { other in
                try await Manifold.with { manifold in
                    let host = try SharedRegistry.host
                    let arguments =
                        Self.three + [
                            "-t", "me/app:1", "-t", "me/app:latest", "-t", "me/app:1-{arch}", "--push-to",
                            "\(host)/to,\(other.host)", "--push-to", "\(host)/to-too/deep",
                        ]
                    let context = try Self.context(manifold)
                    let good = try await manifold.build(arguments, context)
                    try #require(good.succeeded, good.comment)
                    for place in ["\(host)/to", other.host, "\(host)/to-too/deep"] {
                        let list = try #require(try await Program.raw("\(place)/me/app:latest"))
                        #expect(list["manifests"].array.count == 3)
                        #expect(try await Program.raw("\(place)/me/app:1-arm64v8") != nil)
                        #expect(try await Program.raw("\(place)/me/app:1") == list)
                    }

                    let bad = try await manifold.build(
                        ["-t", "me/app:2", "--push-to", "localhost:1/x", "--push-to", "\(host)/to"], context)
                    #expect(bad.result.status == .exited(1))
                    #expect(bad.message.contains("push localhost:1/x/me/app:2"), bad.comment)
                    #expect(bad.message.contains("(published: \(host)/to/me/app:2)"), bad.comment)
                    #expect(try await Program.raw("\(host)/to/me/app:2") != nil)
                }
            }
        }

        @Test("--push-to wants registries", arguments: ["quay", "https://quay.io", "UPPER.example/A", ""])
        func badPlace(place: String) async throws {
            try await Manifold.with { manifold in
                let log = try await manifold.build(["-t", "me/app:1", "--push-to", place], try Self.context(manifold))
                #expect(log.result.status == .exited(1))
                #expect(log.message.contains("write it as in --push-to registry.example/team"), log.comment)
            }
        }

        @Test("a push that fails fails the build, unless it is allowed to; that is said loudly, also with --quiet")
        func allowed() async throws {
            try await Manifold.with { manifold in
                let context = try Self.context(manifold)
                let strict = try await manifold.build(["-t", "localhost:1/app:1", "--push"], context)
                #expect(strict.result.status == .exited(1))
                let lenient = try await manifold.run(
                    ["build", "-q", "-t", "localhost:1/app:1", "--push", "--allow-push-failure", context.string])
                #expect(lenient.succeeded, lenient.comment)
                #expect(lenient.errorOutput.contains("warning: FAILED"), lenient.comment)
                #expect(lenient.errorOutput.contains("connection refused"), lenient.comment)
                #expect(lenient.output.hasPrefix("sha256:"))
            }
        }
    }
}
