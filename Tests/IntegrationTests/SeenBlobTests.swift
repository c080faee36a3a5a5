// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Blobs that were seen in a registry are mounted from there")
    struct SeenBlobTests {
        private static func build(_ content: String, _ manifold: Manifold) async throws -> ImageLayout {
            let context = try manifold.context("FROM scratch\nCOPY a /\n", files: ["a": content])
            let log = try await manifold.build(["-t", "a:1"] + Program.layout(manifold), context)
            try #require(log.succeeded, log.comment)
            return ImageLayout(manifold.path("out"))
        }

        private static func copy(
            _ source: String, _ target: String, _ manifold: Manifold, store: String? = nil
        ) async throws -> String {
            let setting = store.map { Manifold.Setting.environment(["MANIFOLD_ROOT": manifold.path($0).string]) }
            let result = try await manifold.run(["copy", source, target], setting ?? Manifold.Setting())
            try #require(result.succeeded, result.comment)
            return result.errorOutput
        }

        @Test("what was pushed, pulled or built is sent to a registry once; who knows nothing of it sends it again")
        func mounted() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let layout = try await Self.build("seen", manifold).directory
                let image = "oci:\(layout):1"
                let first = try await Self.copy(image, "\(host)/seen/one:1", manifold)
                #expect(first.contains("sent 2 blobs"), "\(first)")
                let second = try await Self.copy(image, "\(host)/seen/two:1", manifold)
                #expect(second.contains("mounted 2 blobs") && !second.contains("sent"), "\(second)")
                let stranger = try await Self.copy(image, "\(host)/seen/three:1", manifold, store: "other")
                #expect(stranger.contains("sent 2 blobs"), "\(stranger)")
                // Now in a third store: what it fetches from a repository, it knows to be there.
                _ = try await Self.copy(
                    "\(host)/seen/two:1", "oci:\(manifold.path("fetched")):1", manifold, store: "third")
                let fetched = try await Self.copy(
                    "oci:\(manifold.path("fetched")):1", "\(host)/seen/four:1", manifold, store: "third")
                #expect(fetched.contains("mounted"), "\(fetched)")
                let judge = try await Program.skopeo(
                    "copy", "--src-tls-verify=false", "docker://\(host)/seen/two:1", "oci:\(manifold.path("judge")):1")
                #expect(judge.succeeded, judge.comment)
            }
        }

        @Test("a repository that has lost a blob, or was never there, does not keep it from being sent")
        func lost() async throws {
            try await Manifold.with { manifold in
                let host = try SharedRegistry.host
                let layout = try await Self.build("lost", manifold)
                let image = "oci:\(layout.directory):1"
                let layer = try #require(try layout.image("linux/amd64").layerDigests.first)
                _ = try await Self.copy(image, "\(host)/lost/one:1", manifold)
                let record = manifold.store.appending("origins").appending(String(layer.dropFirst(7)))
                try #require(try manifold.text(of: record).contains("\(host)/lost/one"))
                for wrong in ["[\"\(host)/lost/none\",\"\(host)/busybox\"]", "not JSON"] {
                    let removed = try await ChildProcess.run("rm", [record.string])
                    try #require(removed.succeeded, removed.comment)
                    try manifold.write(wrong, to: record)
                    let sent = try await Self.copy(image, "\(host)/lost/\(wrong.utf8.count):1", manifold)
                    #expect(sent.contains("sent 1 blob (") && sent.contains("mounted 1 blob ("), "\(sent)")
                }
            }
        }
    }
}
