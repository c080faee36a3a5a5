// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import FoundationEssentials
import OCI
import Registry
import Store
import SystemPackage
import TestSupport
import Testing

@Suite("Caches: the index in a registry")
struct RegistryCacheTests {
    private static let platforms = ["amd64", "arm64", "arm/v7", "386", "riscv64", "s390x"]

    private func manifest(_ platform: String, _ text: String = "") throws -> CacheManifest {
        let config = Descriptor(mediaType: .ociConfig, digest: .sha256(of: platform + text), size: 1)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let bytes = Array(try encoder.encode(Manifest(config: config, layers: [])))
        return CacheManifest(
            descriptor: Descriptor(
                mediaType: .ociManifest, digest: .sha256(of: bytes), size: Int64(bytes.count),
                platform: try Platform("linux/\(platform)")),
            bytes: bytes)
    }

    private func with(
        _ body: (TestRegistry, RegistryCache) async throws -> Void
    ) async throws {
        try await TestRegistry.with { registry in
            let client = RegistryClient(credentials: NoCredentials())
            do {
                try await body(
                    registry, RegistryCache(client: client, reference: try Reference("\(registry.host)/cache:1")))
                try await client.shutdown()
            } catch {
                try? await client.shutdown()
                throw error
            }
        }
    }

    private func index(_ registry: TestRegistry) throws -> Index {
        try JSONDecoder().decode(Index.self, from: Data(registry.manifest("1", in: "cache") ?? []))
    }

    @Test("however many write to it at once, each finds its platform in it")
    func race() async throws {
        try await with { registry, cache in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for platform in Self.platforms {
                    let manifest = try manifest(platform)
                    group.addTask { try await cache.publish([manifest]) }
                }
                try await group.waitForAll()
            }
            let found = try index(registry).manifests.compactMap(\.platform?.description)
            #expect(found == Self.platforms.map { "linux/\($0)" }.sorted())
        }
    }

    @Test("an older entry that somebody put back is replaced once more, a newer one is not")
    func overwritten() async throws {
        try await with { registry, cache in
            try await cache.publish([try manifest("amd64", "old")])
            let old = try #require(registry.manifest("1", in: "cache"))
            let new = try manifest("amd64", "new")
            async let publishing: Void = cache.publish([new, try manifest("arm64")])
            while registry.manifest("1", in: "cache") == old { try await Task.sleep(for: .milliseconds(1)) }
            registry.putManifest(old, mediaType: .ociIndex, in: "cache", tag: "1")
            try await publishing
            #expect(try index(registry).manifests.map(\.digest).contains(new.descriptor.digest))
            #expect(try index(registry).manifests.count == 2)
        }
    }

    @Test("what is written is made of what the registry has, not of what its mirror remembers")
    func mirror() async throws {
        try await with { registry, cache in
            try await cache.publish([try manifest("amd64")])
            try await TestRegistry.with { mirror in
                let old = try #require(registry.manifest("1", in: "cache"))
                mirror.putManifest(old, mediaType: .ociIndex, in: "cache", tag: "1")
                try await cache.publish([try manifest("arm64")])
                let place = try Workplace()
                let file = place.root.appending("registries.conf")
                let text = """
                    [[registry]]
                    location = '\(registry.host)'
                    [[registry.mirror]]
                    location = '\(mirror.host)'
                    """
                try Files.write(Array(text.utf8), to: file)
                var configuration = RegistryConfiguration()
                configuration.registries = RegistriesFiles(files: [file])
                let client = RegistryClient(credentials: NoCredentials(), configuration: configuration)
                let behind = RegistryCache(client: client, reference: try Reference("\(registry.host)/cache:1"))
                #expect(try await behind.root()?.bytes == old)
                do { try await behind.publish([try manifest("386")]) } catch { Issue.record(error) }
                try await client.shutdown()
                #expect(try index(registry).manifests.count == 3)
            }
        }
    }

    @Test("an entry whose manifest is gone is left out; what BuildKit left is replaced; an image stays")
    func others() async throws {
        try await with { registry, cache in
            try await cache.publish([try manifest("amd64"), try manifest("arm64")])
            let gone = try manifest("arm64").descriptor.digest
            registry.add(Fault(.status(404), method: "HEAD", path: gone.description, times: .max))
            try await cache.publish([try manifest("386")])
            #expect(try index(registry).manifests.compactMap(\.platform?.architecture) == ["386", "amd64"])

            let foreign = Descriptor(
                mediaType: MediaType(rawValue: "application/vnd.buildkit.cacheconfig.v0"), digest: gone, size: 1)
            let theirs = Array(try JSONEncoder().encode(Manifest(config: foreign, layers: [])))
            registry.putManifest(theirs, mediaType: .ociManifest, in: "cache", tag: "1")
            try await cache.publish([try manifest("386")])
            #expect(try index(registry).manifests.count == 1)

            let image = try manifest("amd64").bytes
            registry.putManifest(image, mediaType: .ociManifest, in: "cache", tag: "1")
            await #expect(throws: (any Error).self) { try await cache.publish([try manifest("386")]) }
            #expect(registry.manifest("1", in: "cache") == image)
        }
    }
}
