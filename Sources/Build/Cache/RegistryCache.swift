// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Registry
public import Store
public import SystemPackage

/// A cache in a registry, under a name of its own or as part of an image.
///
/// Registries cannot change an index in one step. Builds for different platforms that write to one name at the same
/// time may take each other's entries out; so each looks again after it has written, and writes once more when its
/// entries are gone. A writer that dies in between leaves a cache that lacks an entry, never a wrong one.
public struct RegistryCache: Sendable {
    let client: RegistryClient
    let place: Reference

    public init(client: RegistryClient, reference: Reference) {
        self.client = client
        self.place = reference
    }

    public var name: String { place.familiar }
    public var reference: Reference? { place }
}

extension RegistryCache: CacheSource {
    public func root() async throws -> FetchedManifest? { try await root(by: .mirrors) }

    private func root(by authority: RegistryClient.Authority) async throws -> FetchedManifest? {
        do { return try await client.manifest(place, by: authority) } catch let error as RegistryError
            where error.kind == .notFound
        {
            return nil
        }
    }

    public func manifest(_ descriptor: Descriptor) async throws -> FetchedManifest {
        try await client.manifest(place.with(digest: descriptor.digest))
    }

    public func bytes(of descriptor: Descriptor) async throws -> [UInt8] {
        try await client.pullBlob(descriptor, from: place, limit: 16 << 20)
    }

    public func fetch(
        _ blob: Descriptor, into store: Store, progress: @escaping @Sendable (_ completed: Int64) -> Void
    ) async throws {
        let ingest = try store.ingest()
        try await client.pullBlob(blob, from: place) { bytes in
            try ingest.write(bytes)
            progress(ingest.count)
        }
        try ingest.commit(expected: blob.digest)
    }
}

extension RegistryCache: CacheTarget {
    public func exporting(_ body: @Sendable () async throws -> Void) async throws { try await body() }

    public func put(
        _ blob: Descriptor, origins: [Reference], progress: @escaping @Sendable (_ completed: Int64) -> Void,
        source: @escaping @Sendable () async throws -> FilePath
    ) async throws -> PushOutcome {
        let repositories = origins.filter { $0.registry == place.registry }.map(\.repository)
        return try await client.pushBlob(blob, to: place, mountFrom: repositories, progress: progress) {
            .file(try await source())
        }
    }

    public func put(_ bytes: [UInt8], as descriptor: Descriptor) async throws {
        _ = try await client.pushBlob(descriptor, from: .bytes(bytes), to: place)
    }

    public func publish(_ manifests: [CacheManifest]) async throws {
        for manifest in manifests {
            _ = try await client.putManifest(
                manifest.bytes, mediaType: manifest.descriptor.mediaType,
                to: place.with(digest: manifest.descriptor.digest))
        }
        let entries = manifests.map(\.descriptor)
        var present = Set(entries.map(\.digest))
        for _ in 1...Self.attempts {
            // A mirror may be behind: what is written must be made of what the registry itself has.
            let current = try await root(by: .registry)
            var index = try CacheIndex.merging(entries, into: current)
            try await look(for: index.manifests, noting: &present)
            index.manifests.removeAll { !present.contains($0.digest) }
            let bytes = try ImageAssembler.encode(index)
            if bytes == current?.bytes { return }
            let start = ContinuousClock.now
            _ = try await client.putManifest(bytes, mediaType: .ociIndex, to: place)
            // Somebody who read the index before this was written has written by the end of the pause.
            let pause = max(Self.shortestPause, start.duration(to: .now) * 3)
            try await Task.sleep(for: min(pause, Self.longestPause) / Double.random(in: 0.5...1))
            if CacheIndex.holds(entries, in: try await root(by: .registry), notThoseOf: current) { return }
        }
        throw CacheError.contended
    }

    private static let attempts = 30
    private static let shortestPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(5)

    /// Notes which entries' manifests are still there: a registry takes no index that names others.
    private func look(for entries: [Descriptor], noting present: inout Set<Digest>) async throws {
        for entry in entries where !present.contains(entry.digest) {
            do {
                _ = try await client.resolve(place.with(digest: entry.digest), by: .registry)
            } catch let error as RegistryError where error.kind == .notFound {
                continue
            }
            present.insert(entry.digest)
        }
    }
}
