// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("Caches that travel")
    struct CacheTransferTests {
        /// What it makes is different each time that it is made.
        static let dockerfile = """
            ARG BASE
            FROM --platform=$BUILDPLATFORM $BASE AS tools
            WORKDIR /src
            COPY a .
            RUN cat /proc/sys/kernel/random/uuid a > made
            FROM $BASE
            RUN cat /proc/sys/kernel/random/uuid > /id
            COPY --from=tools /src/made /made
            RUN --mount=from=tools,source=/src,target=/t cat /t/made /proc/sys/kernel/random/uuid > /second

            """

        /// A store that nothing has been built in.
        static func empty(_ manifold: Manifold, _ name: String) -> Manifold.Setting {
            .environment(["MANIFOLD_ROOT": manifold.path(name).string])
        }

        static func build(
            _ manifold: Manifold, _ store: String, platforms: String = "linux/amd64", _ arguments: [String]
        ) async throws -> BuildLog {
            try await Program.build(
                dockerfile, files: ["a": "1"], platforms: platforms, arguments, with: manifold, empty(manifold, store))
        }

        static func outcomes(_ log: BuildLog) -> Set<String> {
            Set(["WORKDIR", "COPY", "RUN"].flatMap { log.outcomes(of: $0) })
        }

        static func warnings(_ log: BuildLog) -> [String] {
            log.events.filter { $0["event"] == "warning" }.compactMap(\.["message"].string)
        }

        /// `type=registry,ref=…` for a cache of this test's own.
        static func cache(_ name: String, _ more: String = "") throws -> (name: String, to: [String], from: [String]) {
            let reference = "\(try SharedRegistry.host)/caches/\(name):1"
            return (
                reference, ["--cache-to", "type=registry,ref=\(reference)\(more)"],
                ["--cache-from", "type=registry,ref=\(reference)"]
            )
        }

        @Test(
            "an empty store finds every step in a registry, for every platform, and makes the same image",
            arguments: ["min", "max"])
        func registry(mode: String) async throws {
            try await Manifold.with { manifold in
                let cache = try Self.cache("three-\(mode)", ",mode=\(mode)")
                let platforms = "linux/amd64,linux/arm64,linux/arm/v7"
                let first = try await Self.build(manifold, "one", platforms: platforms, cache.to)
                try #require(first.succeeded, first.comment)
                #expect(Self.outcomes(first) == ["done"], first.comment)

                let index = try #require(try await Program.raw(cache.name))
                #expect(
                    index["manifests"].array.map { ImageLayout.platform($0["platform"]) }.sorted() == [
                        "linux/amd64", "linux/arm/v7", "linux/arm64",
                    ])
                let repository = cache.name.dropLast(2)
                for entry in index["manifests"].array {
                    let manifest = try await Program.raw("\(repository)@\(entry["digest"].string ?? "")")
                    // COPY, two RUN; and WORKDIR, COPY, RUN of the stage that all share.
                    #expect(manifest?["layers"].array.count == (mode == "max" ? 6 : 3), "\(entry)")
                }

                let second = try await Self.build(manifold, "two", platforms: platforms, cache.from)
                try #require(second.succeeded, second.comment)
                #expect(Self.outcomes(second) == ["cached"], second.comment)
                #expect(second.digest == first.digest)
                #expect(Self.warnings(second).isEmpty, second.comment)
            }
        }
    }
}
