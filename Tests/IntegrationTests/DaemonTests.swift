// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("--load: into a daemon that runs here")
    struct DaemonTests {
        private func load(
            _ kind: TestDaemon.Kind, _ platforms: String, _ arguments: [String] = [], with manifold: Manifold,
            _ check: (TestDaemon, BuildLog) async throws -> Void
        ) async throws {
            let context = try manifold.context(Program.dockerfile("COPY a /"), files: ["a": "1"])
            try await TestDaemon.with(kind, at: manifold.path("daemon.sock")) { daemon in
                let log = try await manifold.build(
                    try Program.busybox + ["--load", "-t", "me/app:1", "--platform", platforms] + arguments, context,
                    .environment(["DOCKER_HOST": "unix://\(daemon.socket)"]))
                try await check(daemon, log)
            }
        }

        @Test(
            "one platform: an archive that skopeo reads under its name", arguments: [TestDaemon.Kind.docker, .podman])
        func onePlatform(kind: TestDaemon.Kind) async throws {
            try await Manifold.with { manifold in
                try await load(kind, "linux/arm64", with: manifold) { daemon, log in
                    try #require(log.succeeded, log.comment)
                    #expect(daemon.requests == ["GET /_ping", "GET /info", "POST /images/load"])
                    let archive = manifold.path("sent.tar")
                    try daemon.archive.write(to: archive)
                    let config = try await Program.skopeo(
                        "inspect", "--config", "docker-archive:\(archive):me/app:1")
                    #expect(try JSONValue(parsing: config.stdout)["architecture"] == "arm64", config.comment)
                    let names = log.events.last?["names"].array.compactMap(\.string)
                    #expect(names == [(kind == .podman ? "podman" : "Docker") + ": me/app:1"], log.comment)
                }
            }
        }

        @Test("several platforms go where they can be kept, else this machine's alone, which is said")
        func severalPlatforms() async throws {
            try await Manifold.with { manifold in
                try await load(.dockerWithContainerd, "linux/amd64,linux/arm64", with: manifold) { daemon, log in
                    try #require(log.succeeded, log.comment)
                    let archive = manifold.path("index.tar")
                    try daemon.archive.write(to: archive)
                    let raw = try await Program.skopeo("inspect", "--raw", "oci-archive:\(archive)")
                    #expect(try JSONValue(parsing: raw.stdout)["manifests"].array.count == 2, raw.comment)
                }
                try await load(.docker, "linux/amd64,linux/arm64", with: manifold) { daemon, log in
                    try #require(log.succeeded, log.comment)
                    let archive = manifold.path("one.tar")
                    try daemon.archive.write(to: archive)
                    let config = try await Program.skopeo("inspect", "--config", "docker-archive:\(archive)")
                    #expect(try JSONValue(parsing: config.stdout)["architecture"] == "amd64", config.comment)
                    #expect(
                        log.events.contains {
                            $0["event"] == "warning" && $0["message"].string?.contains("only linux/amd64") == true
                        }, log.comment)
                }
            }
        }

        @Test("a daemon that refuses, or is not there, is an error; the latter before anything runs")
        func refusals() async throws {
            try await Manifold.with { manifold in
                try await load(.refusing, "linux/amd64", with: manifold) { _, log in
                    #expect(!log.succeeded && log.message.contains("no room"), log.comment)
                }
                let context = try manifold.context(Program.dockerfile("RUN true"))
                let log = try await manifold.build(
                    try Program.busybox + ["--load", "-t", "me/app:1"], context,
                    .environment(["DOCKER_HOST": "unix:///nowhere/docker.sock"]))
                #expect(!log.succeeded && log.message.contains("/nowhere/docker.sock"), log.comment)
                #expect(log.message.contains("type=docker,dest=FILE"), log.comment)
                #expect(log.outcomes(of: "RUN").isEmpty)
            }
        }
    }
}

extension [UInt8] {
    fileprivate func write(to path: FilePath) throws {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644))
        _ = try file.closeAfter { try file.writeAll(self) }
    }
}
