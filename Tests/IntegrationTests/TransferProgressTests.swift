// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("What a transfer says of itself")
    struct TransferProgressTests {
        @Test("a build tells what was sent, mounted and there already, of the image and of the cache")
        func build() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let context = try manifold.context(Program.dockerfile("COPY a /a"), files: ["a": "1"])
                func push(_ mode: String, store: String) async throws -> String {
                    let result = try await manifold.run(
                        try ["build", "--root", manifold.path(store).string, "--progress", mode] + Program.busybox
                            + ["--platform", "linux/amd64,linux/arm64", "--push", "-t", "\(host)/tally:1"]
                            + ["--cache-to", "type=registry,ref=\(host)/tally-cache:1", context.string])
                    try #require(result.succeeded, result.comment)
                    return result.errorOutput
                }
                let first = try await push("plain", store: "one")
                #expect(first.contains(/push .*\n#.* sent 3 blobs \([^)]*\), mounted 2 blobs \(\d/), "\(first)")
                #expect(first.contains(/export cache .*\n#.* mounted 1 blob \(/), "\(first)")
                // The time of a file is in its layer: another store may make it anew, the base's layers are there.
                let second = try await push("json", store: "two")
                let texts = second.split(separator: "\n").compactMap {
                    try? JSONValue(parsing: Array($0.utf8))["text"].string
                }
                #expect(texts.contains { $0.contains("there already (") }, "\(second)")
            }
        }

        @Test("a copy, a pull and a push tell what was sent, mounted and there already", arguments: ["plain", "json"])
        func copies(mode: String) async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                func words(_ arguments: String...) async throws -> String {
                    let result = try await manifold.run([arguments[0], "--progress", mode] + arguments.dropFirst())
                    try #require(result.succeeded, result.comment)
                    return result.errorOutput
                }
                let pulled = try await words("pull", "\(host)/busybox")
                #expect(pulled.contains(/sent 10 blobs \(\d[^)]*MB/), "\(pulled)")
                let again = try await words("pull", "\(host)/busybox")
                #expect(again.contains("it is there already"), "\(again)")
                let renamed = try await words("pull", "\(host)/busybox", "other:1")
                #expect(renamed.contains("10 blobs there already ("), "\(renamed)")
                let mounted = try await words("copy", "\(host)/busybox", "\(host)/mounted-\(mode):1")
                #expect(mounted.contains("mounted 10 blobs ("), "\(mounted)")
                let pushed = try await words("push", "other:1", "\(host)/mounted-\(mode):2")
                #expect(pushed.contains("10 blobs there already ("), "\(pushed)")
            }
        }
    }
}
