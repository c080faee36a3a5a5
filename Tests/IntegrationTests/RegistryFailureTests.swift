// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("A registry that says no")
    struct RegistryFailureTests {
        @Test("nobody listens: the address is named, and nothing runs")
        func down() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM 127.0.0.1:9/base\nRUN true\n")
                let log = try await manifold.build([], context)
                #expect(log.result.status == .exited(1), log.comment)
                #expect(log.message.contains("line 1") && log.message.contains("127.0.0.1:9"), log.comment)
            }
        }

        @Test("a registry that goes away before the push leaves an error and the work done")
        func downForPush() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(Program.dockerfile("RUN echo 1 > /a"))
                let log = try await manifold.build(
                    try Program.busybox + ["--push", "--tag", "127.0.0.1:9/app:1"], context)
                #expect(log.result.status == .exited(1), log.comment)
                #expect(log.message.contains("127.0.0.1:9"), log.comment)
                let again = try await manifold.build(try Program.busybox, context)
                #expect(again.succeeded, again.comment)
            }
        }

        @Test("a base that is not there is named with its line and every platform")
        func missingBase() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let context = try manifold.context("FROM scratch AS a\nFROM \(host)/no/such:1\nRUN true\n")
                let log = try await manifold.build(["--platform", "linux/amd64,linux/arm64"], context)
                #expect(log.result.status == .exited(1), log.comment)
                #expect(log.message.contains("line 2") && log.message.contains("\(host)/no/such:1"), log.comment)
                #expect(log.titles.allSatisfy { $0.hasPrefix("resolve ") })
            }
        }

        @Test("a registry that wants to know who asks is told by DOCKER_CONFIG", .requiresProgram("htpasswd"))
        func credentials() async throws {
            let user = DebianRegistry.User(name: "me", password: "pass word")
            try await DebianRegistry.with(user: user) { registry in
                try await BaseImages.push("busybox", to: registry, user: user)
                try await Manifold.with { manifold in
                    let context = try manifold.context("FROM \(registry.host)/busybox\nCOPY a /\n", files: ["a": "1"])
                    let arguments = ["--push", "--tag", "\(registry.host)/app:1"]
                    let refused = try await manifold.build(arguments, context)
                    #expect(refused.result.status == .exited(1), refused.comment)
                    #expect(refused.message.contains(registry.host), refused.comment)
                    #expect(
                        refused.message.contains("login") || refused.message.contains("credentials"), refused.comment)

                    let configuration = manifold.path("docker")
                    func configure(_ password: String) throws {
                        let secret = Data("me:\(password)".utf8).base64EncodedString()
                        try manifold.write(
                            "{\"auths\": {\"\(registry.host)\": {\"auth\": \"\(secret)\"}}}",
                            to: configuration.appending("config.json"))
                    }
                    try configure("wrong")
                    let setting = Manifold.Setting.environment(["DOCKER_CONFIG": configuration.string])
                    let wrong = try await manifold.build(arguments, context, setting)
                    #expect(wrong.result.status == .exited(1), wrong.comment)
                    #expect(!"\(wrong)".contains("wrong"), "a password is shown to nobody")

                    try configure("pass word")
                    let right = try await manifold.build(arguments, context, setting)
                    #expect(right.succeeded, right.comment)
                }
            }
        }

        @Test("a registry that fails or hangs up in the middle of a push gets no tag")
        func failingPush() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context("FROM scratch\nCOPY a /\n", files: ["a": "1"])
                for fault in [
                    Fault(.status(500), method: "PUT", path: "/manifests/", times: .max),
                    Fault(.dropRequest(afterBytes: 0), method: "PUT", path: "/blobs/uploads/", times: .max),
                ] {
                    try await TestRegistry.with { registry in
                        let arguments = [
                            "--platform", "linux/amd64,linux/arm64", "--push", "--tag", "\(registry.host)/app:1",
                        ]
                        registry.add(fault)
                        let log = try await manifold.build(arguments, context)
                        #expect(log.result.status == .exited(1), log.comment)
                        #expect(log.message.contains(registry.host), log.comment)
                        #expect(registry.manifest("1", in: "app") == nil)
                    }
                }
            }
        }

        @Test("a blob with other bytes than its digest promises is refused, and the tag stays as it was")
        func damagedBlob() async throws {
            try await DebianRegistry.with { registry in
                try await BaseImages.push("busybox", to: registry)
                try await Manifold.with { manifold in
                    let name = "\(registry.host)/app:1"
                    let context = try manifold.context("FROM \(registry.host)/busybox\nRUN echo 1 > /a\n")
                    let layout = ImageLayout(try await BaseImages.layout("busybox"))
                    let layer = try #require(try layout.image("linux/amd64").layers.first?.lastComponent?.string)
                    let blob = registry.storage
                        .appending("data/docker/registry/v2/blobs/sha256/\(layer.prefix(2))/\(layer)/data")
                    var bytes = Array(try Data(contentsOf: URL(filePath: blob.string)))
                    bytes[bytes.count / 2] ^= 1
                    try Data(bytes).write(to: URL(filePath: blob.string))

                    let log = try await manifold.build(["--push", "--tag", name], context)
                    #expect(log.result.status == .exited(1), log.comment)
                    #expect(log.message.contains(layer.prefix(12)), log.comment)
                    #expect(try await Program.raw(name) == nil)

                    bytes[bytes.count / 2] ^= 1
                    try Data(bytes).write(to: URL(filePath: blob.string))
                    let mended = try await manifold.build(["--push", "--tag", name], context)
                    #expect(mended.succeeded, mended.comment)
                }
            }
        }
    }
}
