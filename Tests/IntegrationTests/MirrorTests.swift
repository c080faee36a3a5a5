// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Mirrors of registries.conf, with the real registry as one that pulls through")
    struct MirrorTests {
        /// What a test has: the suite's registry behind a proxy that sees who asks, a mirror of it behind another, and the settings
        /// that make it one.
        private struct Scene: Sendable {
            var manifold: Manifold
            var origin: FaultProxy
            var mirror: FaultProxy

            var name: String { "\(origin.host)/busybox:latest" }

            func asked(_ proxy: FaultProxy) -> [String] {
                proxy.requests.filter { $0.target.contains("/busybox/") }.map(\.method)
            }

            /// Runs the program with `registries.conf` naming mirrors.
            func run(
                _ arguments: [String], mirrors: [(location: String, use: String?)]
            ) async throws
                -> ChildProcess.Result
            {
                try await manifold.run(arguments, .environment(["CONTAINERS_REGISTRIES_CONF": try settings(mirrors)]))
            }

            func settings(_ mirrors: [(location: String, use: String?)]) throws -> String {
                var text = "[[registry]]\nlocation = \"\(origin.host)\"\n"
                for mirror in mirrors {
                    text += "[[registry.mirror]]\nlocation = \"\(mirror.location)\"\n"
                    if let use = mirror.use { text += "pull-from-mirror = \"\(use)\"\n" }
                }
                let path = manifold.path("registries.conf")
                try manifold.write(text, to: path)
                return path.string
            }
        }

        private func withScene(_ body: (Scene) async throws -> Void) async throws {
            let host = try SharedRegistry.host
            try await DebianRegistry.with(features: [.mirror(of: "http://\(host)")]) { mirror in
                try await Manifold.with { manifold in
                    try await FaultProxy.with(inFrontOf: host) { origin in
                        try await FaultProxy.with(inFrontOf: mirror.host) { mirror in
                            try await body(Scene(manifold: manifold, origin: origin, mirror: mirror))
                        }
                    }
                }
            }
        }

        @Test("a mirror answers for everything, and the registry is left alone") func answers() async throws {
            try await withScene { scene in
                let pulled = try await scene.run(["pull", "-q", scene.name], mirrors: [(scene.mirror.host, nil)])
                try #require(pulled.succeeded, pulled.comment)
                #expect(scene.asked(scene.origin) == [])
                #expect(scene.asked(scene.mirror).count > 10)
                let image = try await scene.manifold.run(["inspect", "--raw", "store:\(scene.name)"])
                #expect(image.output == (try await Program.document("docker://\(scene.name)")))

                let context = try scene.manifold.context("FROM \(scene.name)\nRUN echo 1 > /a\n")
                let built = try await scene.manifold.build(
                    [], context,
                    .environment([
                        "CONTAINERS_REGISTRIES_CONF": try scene.settings([(scene.mirror.host, nil)]),
                        "MANIFOLD_ROOT": scene.manifold.path("other").string,
                    ]))
                #expect(built.succeeded, built.comment)
                #expect(scene.asked(scene.origin) == ["GET"], "only skopeo has asked")
            }
        }

        @Test("mirrors that are dead, lack the image, or break in the middle are left for the next place")
        func fallBack() async throws {
            try await withScene { scene in
                try await DebianRegistry.with { empty in
                    scene.mirror.add(Fault(.dropBody(afterBytes: 2000), method: "GET", path: "/blobs/", times: .max))
                    let pulled = try await scene.run(
                        ["pull", "-q", scene.name],
                        mirrors: [("127.0.0.1:9", nil), (empty.host, nil), (scene.mirror.host, nil)])
                    try #require(pulled.succeeded, pulled.comment)
                    #expect(scene.asked(scene.mirror).contains("GET"))
                    #expect(!scene.asked(scene.origin).isEmpty)
                    let image = try await scene.manifold.run(["inspect", "--raw", "store:\(scene.name)"])
                    #expect(image.output == (try await Program.document("docker://\(scene.name)")))
                }
                let missing = try await scene.run(
                    ["pull", "\(scene.origin.host)/nothing"], mirrors: [("127.0.0.1:9", nil), (scene.mirror.host, nil)])
                #expect(missing.status == .exited(1), missing.comment)
                for word in ["its mirrors failed before", "127.0.0.1:9", scene.mirror.host, scene.origin.host] {
                    #expect(missing.errorOutput.contains(word), missing.comment)
                }
            }
        }

        @Test("a mirror for digests is asked for those alone, and pushes go past every mirror") func digests()
            async throws
        {
            try await withScene { scene in
                let mirrors = [(location: scene.mirror.host, use: String?.some("digest-only"))]
                let pulled = try await scene.run(["pull", "-q", scene.name], mirrors: mirrors)
                try #require(pulled.succeeded, pulled.comment)
                #expect(!scene.mirror.requests.contains { $0.target.contains("/manifests/latest") })
                #expect(scene.mirror.requests.contains { $0.target.contains("/manifests/sha256:") })
                #expect(scene.origin.requests.contains { $0.target.contains("/manifests/latest") })
                let blobs = scene.origin.requests.filter { $0.target.contains("/blobs/") }
                #expect(blobs.isEmpty, "\(blobs)")

                let seen = scene.mirror.requests.count
                let pushed = try await scene.run(
                    ["push", "-q", scene.name, "\(scene.origin.host)/mirrors/pushed:1"],
                    mirrors: [(scene.mirror.host, nil)])
                #expect(pushed.succeeded, pushed.comment)
                #expect(scene.mirror.requests.count == seen)
            }
        }
    }
}
