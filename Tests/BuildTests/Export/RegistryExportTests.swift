// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import HTTP
import OCI
import Registry
import Store
import SystemPackage
import TestSupport
import Testing

@Suite("Export: registries", .enabled(if: isRoot, "steps change owners: needs root"))
struct RegistryExportTests {
    let three = ["linux/amd64", "linux/arm64", "linux/arm/v7"]

    private func push(
        _ place: Workplace, to registry: TestRegistry, text: String, tags: [String] = ["app:1"]
    ) async throws -> Built {
        var configuration = RegistryConfiguration()
        configuration.firstRetryDelay = .milliseconds(2)
        let client = RegistryClient(credentials: NoCredentials(), configuration: configuration)
        let store = try place.store()
        let references = try tags.map { try Reference("\(registry.host)/\($0)") }
        let exporter = RegistryExporter(client: client, store: store, names: ImageNames(references))
        do {
            let built = try await place.build(text, for: three, in: store, exporters: [exporter]) {
                $0.tags = references
            }
            try await client.shutdown()
            return built
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    @Test("blobs come first, then manifests, the tag last")
    func order() async throws {
        try await TestRegistry.with { registry in
            let place = try Workplace()
            let built = try await push(
                place, to: registry, text: "FROM base\nRUN write /x 1\n", tags: ["app:1", "app:2", "other:1"])
            let puts = registry.requests.filter { $0.method == "PUT" }.map(\.target)
            let lastBlob = try #require(puts.lastIndex { $0.contains("/v2/app/blobs/") })
            let firstManifest = try #require(puts.firstIndex { $0.contains("/v2/app/manifests/sha256:") })
            let lastManifest = try #require(puts.lastIndex { $0.contains("/manifests/sha256:") })
            let firstTag = try #require(puts.firstIndex { $0.contains("/manifests/1") })
            #expect(lastBlob < firstManifest)
            #expect(lastManifest < firstTag)
            #expect(
                puts.suffix(3).map { $0 } == ["/v2/app/manifests/1", "/v2/app/manifests/2", "/v2/other/manifests/1"])
            #expect(registry.manifest("1", in: "app") == built.result.rootBytes)
            #expect(registry.manifest("1", in: "other") == built.result.rootBytes)
            for layer in built.result.images.flatMap(\.layers) {
                #expect(registry.blob(layer.blob.digest, in: "app")?.count == Int(layer.blob.size))
            }
        }
    }

    @Test("an unchanged result is only asked for")
    func unchanged() async throws {
        try await TestRegistry.with { registry in
            let place = try Workplace()
            let text = "FROM base\nCOPY Dockerfile /\n"
            _ = try await push(place, to: registry, text: text)
            registry.clearRequests()
            _ = try await push(place, to: registry, text: text)
            #expect(registry.requests.allSatisfy { $0.method == "HEAD" || $0.target == "/v2/" })
        }
    }

    @Test("what the registry has is not sent again")
    func changed() async throws {
        try await TestRegistry.with { registry in
            let place = try Workplace()
            let first = try await push(place, to: registry, text: "FROM base\nRUN write /x 1\n")
            registry.clearRequests()
            let second = try await push(place, to: registry, text: "FROM base\nRUN write /x 1\nCOPY Dockerfile /\n")
            let known = Set(first.result.images.flatMap(\.layers).map(\.blob.digest))
            let sent = registry.requests.filter { $0.method == "PUT" && $0.target.contains("/blobs/") }
            let added = Set(second.result.images.flatMap(\.layers).map(\.blob.digest)).subtracting(known)
            // The new layer, the same on all platforms, and three configs.
            #expect(added.count == 1)
            #expect(sent.count == 4)
        }
    }

    @Test("a base's layers are mounted from its repository and never downloaded")
    func mount() async throws {
        try await TestRegistry.with { registry in
            let place = try Workplace()
            let name = "\(registry.host)/bases/small:1"
            try place.images.add(name, for: three, layers: [[.file("f", "1")]])
            for bytes in place.images.blobs.values { registry.putBlob(bytes, in: "bases/small") }
            let built = try await push(place, to: registry, text: "FROM \(name)\nENV A=1\n")
            let posts = registry.requests.filter { $0.method == "POST" && $0.target.contains("mount=") }
            #expect(posts.count == 3)
            #expect(posts.allSatisfy { $0.target.contains("from=bases") })
            #expect(place.images.fetched.isEmpty)
            for image in built.result.images {
                for layer in image.layers { #expect(registry.blob(layer.blob.digest, in: "app") != nil) }
            }
        }
    }

    @Test(
        "a fault at any step leaves the tag as it was",
        arguments: [
            ("POST", "/blobs/uploads/"), ("PUT", "/blobs/"), ("PUT", "/manifests/sha256:"), ("PUT", "/manifests/1"),
            ("HEAD", "/blobs/"),
        ])
    func faults(method: String, path: String) async throws {
        try await TestRegistry.with { registry in
            let place = try Workplace()
            let first = try await push(place, to: registry, text: "FROM base\nRUN write /x 1\n")
            registry.add(Fault(.status(403), method: method, path: path, times: .max))
            await #expect(throws: (any Error).self) {
                try await push(place, to: registry, text: "FROM base\nRUN write /x 2\n")
            }
            #expect(registry.manifest("1", in: "app") == first.result.rootBytes)
        }
    }

    @Test("a build that fails pushes no manifest and no tag")
    func failedBuild() async throws {
        try await TestRegistry.with { registry in
            let place = try Workplace()
            await #expect(throws: BuildError.self) {
                try await push(place, to: registry, text: "FROM base\nRUN write /x 1\nRUN failon arm 1\n")
            }
            #expect(!registry.requests.contains { $0.method == "PUT" && $0.target.contains("/manifests/") })
        }
    }

    @Test("a registry that lets nobody in is found before anything runs")
    func refused() async throws {
        try await TestRegistry.with(authentication: .basic(username: "u", password: "p")) { registry in
            let place = try Workplace()
            await #expect(throws: RegistryError.self) {
                try await push(place, to: registry, text: "FROM base\nRUN write /x 1\n")
            }
            #expect(place.runner.commands.isEmpty)
        }
    }
}
