// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("manifold verify")
    struct VerifyTests {
        @Test(
            "every platform of a list is pulled as its clients do it, and runs the same command",
            arguments: [true, false])
        func everyPlatform(fromRegistry: Bool) async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let place = fromRegistry ? "\(host)/busybox" : "oci-archive:\(manifold.path("all.tar"))"
                if !fromRegistry {
                    let copied = try await manifold.run(["copy", "\(host)/busybox", place])
                    try #require(copied.succeeded, copied.comment)
                }
                let log = BuildLog(
                    try await manifold.run([
                        "verify", "--progress", "json", "--json", "--platform", "linux/amd64,linux/arm64,linux/arm/v7",
                        "-e", "WORD=said", place, "--", "sh", "-c", "uname -m; echo $WORD; ls /sys/class/net",
                    ]))
                try #require(log.succeeded, log.comment)
                let report = try JSONValue(parsing: log.result.stdout)
                #expect(report["ok"] == true)
                #expect(
                    report["platforms"].array.map { $0["runs"] } == ["native", "qemu-aarch64", "qemu-arm"], log.comment)
                #expect(report["platforms"].array.map { $0["exitCode"] } == [0, 0, 0])
                for (platform, machine) in [
                    ("linux/amd64", "x86_64"), ("linux/arm64", "aarch64"), ("linux/arm/v7", "armv7l"),
                ] {
                    #expect(log.output(of: platform) == [machine, "said", "lo"], log.comment)
                }
            }
        }

        @Test("without a command the pull alone is tried, and nothing is left in the store")
        func pullOnly() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let result = try await manifold.run(["verify", "\(host)/busybox"])
                try #require(result.succeeded, result.comment)
                let lines = result.output.split(separator: "\n")
                #expect(lines.first?.hasPrefix("PLATFORM") == true && lines.count > 3, result.comment)
                #expect(lines.dropFirst().allSatisfy { $0.hasSuffix("ok") }, result.comment)
                let blobs = manifold.store.appending("blobs").string
                let files = try await ChildProcess.run("find", [blobs, "-type", "f"])
                #expect(files.output.isEmpty, files.comment)
                // A Pi Zero takes v5 where there is no v6, and never v7.
                let zero = try await manifold.run([
                    "verify", "--platform", "linux/arm/v6,linux/s390x", "\(host)/busybox",
                ])
                #expect(!zero.succeeded && zero.output.contains("linux/arm/v5 (older variant)   ok"), zero.comment)
                #expect(zero.errorOutput.contains("a client of linux/s390x finds nothing"), zero.comment)
                #expect(zero.errorOutput.contains("it lists linux/amd64, linux/arm64, linux/arm/v7"), zero.comment)
            }
        }

        @Test("an entry that leads to another platform's image is found out, and the others are good")
        func wrongEntry() async throws {
            try await Manifold.with { manifold in
                let layout = try await Self.layout(manifold)
                try Self.relist(layout) { index in
                    guard var entry = index.manifest(for: Platform(os: "linux", architecture: "amd64")) else { return }
                    entry.platform = Platform(os: "linux", architecture: "arm", variant: "v6")
                    index.manifests.append(entry)
                }
                let result = try await manifold.run(["verify", "--progress", "quiet", "oci:\(layout)", "--", "true"])
                #expect(result.status == .exited(1), result.comment)
                let words = "is for linux/arm/v6, but the image's config says linux/amd64"
                #expect(result.errorOutput.contains(words), result.comment)
                #expect(
                    result.output.split(separator: "\n").filter { $0.contains("FAILED") }.count == 1, result.comment)
                #expect(result.output.contains(/linux\/arm64 .* qemu-aarch64 .* ok/), result.comment)
            }
        }

        @Test("a layer that is gone or damaged fails its platform, and says which layer", arguments: [true, false])
        func badLayer(isGone: Bool) async throws {
            try await Manifold.with { manifold in
                let layout = try await Self.layout(manifold)
                let layer = try #require(try ImageLayout(layout).image("linux/arm64").layers.first)
                if isGone {
                    try FileManager.default.removeItem(atPath: layer.string)
                } else {
                    var bytes = Array(try Data(contentsOf: URL(filePath: layer.string)))
                    bytes[bytes.count / 2] ^= 0x55
                    try Self.write(bytes, to: layer)
                }
                let result = try await manifold.run(["verify", "--json", "oci:\(layout)"])
                #expect(result.status == .exited(1), result.comment)
                let rows = try JSONValue(parsing: result.stdout)["platforms"].array
                let failed = rows.filter { $0["ok"] == false }
                #expect(failed.count == 1 && failed[0]["platform"] == "linux/arm64", result.comment)
                #expect(failed.first?["reason"].string?.hasPrefix("layer 1 of ") == true, result.comment)
            }
        }

        @Test("an image that dies at its start is found out with its last words, and one that stays up is good")
        func smoke() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(
                    Program.dockerfile("ARG COMMAND", "ENV COMMAND=$COMMAND", #"CMD ["sh", "-c", "exec $COMMAND"]"#))
                for (name, command) in [("dies", "httpd -f --deamon off"), ("stays", "httpd -f -p 8080")] {
                    let built = try await manifold.build(
                        try Program.busybox
                            + [
                                "--platform", "linux/amd64,linux/arm/v7", "-t", name, "--build-arg",
                                "COMMAND=\(command)",
                            ],
                        context)
                    try #require(built.succeeded, built.comment)
                }
                let bad = try await manifold.run([
                    "verify", "--progress", "quiet", "--run", "--stay-up", "2s", "store:dies",
                ])
                #expect(bad.status == .exited(1), bad.comment)
                #expect(bad.errorOutput.contains("should have stayed up for 2.0s"), bad.comment)
                #expect(bad.errorOutput.contains("[linux/arm/v7] run sh -c exec $COMMAND"), bad.comment)
                #expect(bad.errorOutput.contains("deamon"), bad.comment)
                let good = try await manifold.run(["verify", "--run", "--stay-up", "1s", "store:stays"])
                #expect(good.succeeded, good.comment)
                let long = try await manifold.run([
                    "verify", "--run", "--timeout", "1s", "--platform", "amd64", "store:stays",
                ])
                #expect(long.errorOutput.contains("it still ran after 1.0s and was stopped"), long.comment)
            }
        }

        @Test("a program of this machine in an image for another one is found out, though it would run here")
        func otherMachine() async throws {
            try await Manifold.with { manifold in
                let layout = try await Self.layout(manifold)
                try Self.relist(layout) { index in
                    // The config, too, says what the list says, as after a build on the wrong machine.
                    let entry = try #require(index.manifest(for: Platform(os: "linux", architecture: "amd64")))
                    var manifest: Manifest = try Self.decode(layout, entry.digest)
                    var config: ImageConfig = try Self.decode(layout, manifest.config.digest)
                    config.architecture = "arm64"
                    manifest.config = try Self.put(config, as: .ociConfig, in: layout)
                    index.manifests = [try Self.put(manifest, as: .ociManifest, in: layout)]
                    index.manifests[0].platform = Platform(os: "linux", architecture: "arm64")
                }
                let result = try await manifold.run(["verify", "oci:\(layout)", "--", "uname"])
                #expect(result.status == .exited(1), result.comment)
                #expect(
                    result.errorOutput.contains(
                        "is a program for x86_64, and the image says that it is for linux/arm64"),
                    result.comment)
            }
        }

        @Test(
            "what cannot be done is said before anything is",
            arguments: [
                (["--timeout", "soon", "--run"], "--timeout soon is no time"),
                (["--stay-up", "5s"], "nothing is run"), (["--run", "--network", "bridge"], "use none or host"),
                (["--run", "-e", "NAME"], "write it as --env NAME=VALUE"),
            ])
        func badOptions(options: [String], words: String) async throws {
            try await Manifold.with { manifold in
                let result = try await manifold.run(["verify"] + options + ["\(try SharedRegistry.host)/busybox"])
                #expect(result.status == .exited(1) && result.errorOutput.contains(words), result.comment)
            }
        }

        // MARK: Layouts

        /// The busybox base with all its platforms, to be changed.
        private static func layout(_ manifold: Manifold) async throws -> FilePath {
            let layout = manifold.path("layout")
            let copied = try await manifold.run(["copy", "\(try SharedRegistry.host)/busybox", "oci:\(layout):1"])
            try #require(copied.succeeded, copied.comment)
            return layout
        }

        private static func write(_ bytes: [UInt8], to path: FilePath) throws {
            try Data(bytes).write(to: URL(filePath: path.string))
        }

        private static func decode<Value: Decodable>(_ path: FilePath) throws -> Value {
            try JSONDecoder().decode(Value.self, from: Data(contentsOf: URL(filePath: path.string)))
        }

        private static func decode<Value: Decodable>(_ layout: FilePath, _ digest: Digest) throws -> Value {
            try decode(layout.appending("blobs/sha256").appending(digest.encoded))
        }

        private static func put(_ value: some Encodable, as type: MediaType, in layout: FilePath) throws -> Descriptor {
            let bytes = Array(try JSONEncoder().encode(value))
            let digest = Digest.sha256(of: bytes)
            try write(bytes, to: layout.appending("blobs/sha256").appending(digest.encoded))
            return Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
        }

        /// Changes the list of a layout's only image.
        private static func relist(_ layout: FilePath, _ change: (inout Index) throws -> Void) throws {
            var top: Index = try decode(layout.appending("index.json"))
            let entry = try #require(top.manifests.first)
            var index: Index = try decode(layout, entry.digest)
            try change(&index)
            let changed = try put(index, as: entry.mediaType, in: layout)
            top.manifests[0].digest = changed.digest
            top.manifests[0].size = changed.size
            try write(Array(try JSONEncoder().encode(top)), to: layout.appending("index.json"))
        }
    }
}
