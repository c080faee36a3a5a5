// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
public import OCI
public import Registry
public import Store

/// Publishes to registries: blobs first, then each platform's manifest, then the index under its tags.
///
/// Nothing that anybody reads changes before everything is uploaded to every registry; a failure leaves all tags as
/// they were.
public final class RegistryExporter: Exporter {
    private let client: RegistryClient
    private let store: Store
    private let tags: [Reference]
    public let form: ImageForm
    private let naming: Naming
    private let localNames: Set<Reference>
    /// Layers that travel, or have travelled, while the build goes on.
    private let transfers = SingleFlight<Transfer, Void>()

    private struct Transfer: Hashable {
        var repository: String
        var digest: Digest
    }

    /// What the result is called in the registry.
    public enum Naming: Sendable {
        case tags
        /// By its tags, and the names by digest are told, too.
        case tagsAndDigests
        /// Only by its digest: no tag moves.
        case digests
    }

    /// - Parameters:
    ///   - tags: where the result goes; at least one.
    ///   - localNames: names that the store is to keep although the registry has them, too.
    public init(
        client: RegistryClient, store: Store, tags: [Reference], form: ImageForm = ImageForm(), naming: Naming = .tags,
        localNames: Set<Reference> = []
    ) {
        self.client = client
        self.store = store
        self.tags = tags
        self.form = form
        self.naming = naming
        self.localNames = localNames
    }

    public var title: String { "push \(tags.map(\.familiar).joined(separator: ", "))" }

    /// One tag for each repository.
    private var repositories: [Reference] {
        var seen: Set<String> = []
        return tags.filter { seen.insert($0.name).inserted }
    }

    public func prepare() async throws {
        for tag in repositories {
            do { _ = try await client.resolve(tag, by: .registry) } catch let error as RegistryError
                where error.kind == .notFound
            {
                continue
            }
        }
    }

    public func offer(_ layer: Layer, ensureBlob: @escaping @Sendable (Layer) async throws -> Void) async throws {
        for repository in repositories {
            try await push(layer, to: repository, ensureBlob: ensureBlob, progress: { _ in })
        }
    }

    public func export(
        _ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> Publication {
        let root = result.root
        let targets = naming == .digests ? tags.canonical(root.digest) : tags
        var outdated: [Reference] = []
        for target in targets where try await digest(of: target) != root.digest { outdated.append(target) }
        var seen: Set<String> = []
        for repository in outdated where seen.insert(repository.name).inserted {
            try await upload(result, to: repository, progress: progress)
        }
        let bytes = result.rootBytes
        let names = naming == .tagsAndDigests ? targets + targets.canonical(root.digest) : targets
        return Publication(places: names.map(\.familiar), names: names, reach: .registry) {
            [client, store, localNames, outdated] _ in
            for target in outdated { _ = try await client.putManifest(bytes, mediaType: root.mediaType, to: target) }
            // From now on the registry says what these names stand for.
            for target in targets where !localNames.contains(target) { store.forget(target) }
        }
    }

    /// What a tag points to now; nil when there is no such tag.
    private func digest(of tag: Reference) async throws -> Digest? {
        do { return try await client.resolve(tag, by: .registry).digest } catch let error as RegistryError
            where error.kind == .notFound
        {
            return nil
        }
    }

    /// Everything but the tag.
    private func upload(
        _ result: BuildResult, to repository: Reference, progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws {
        let layers = Set(result.images.flatMap(\.layers))
        let meter = TransferMeter(total: layers.reduce(0) { $0 + $1.blob.size }, report: progress)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for layer in layers {
                group.addTask {
                    try await self.push(layer, to: repository, ensureBlob: result.ensureBlob) {
                        meter.set($0, for: layer.blob.digest)
                    }
                    meter.set(layer.blob.size, for: layer.blob.digest)
                }
            }
            for config in Set(result.images.map(\.config)) {
                group.addTask {
                    let source = BlobSource.file(self.store.blobPath(config.digest))
                    _ = try await self.client.pushBlob(config, from: source, to: repository)
                }
            }
            try await group.waitForAll()
        }
        guard result.root.mediaType.isIndex else { return }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for image in result.images {
                group.addTask {
                    _ = try await self.client.putManifest(
                        image.manifest, mediaType: image.descriptor.mediaType,
                        to: repository.with(digest: image.descriptor.digest))
                }
            }
            try await group.waitForAll()
        }
    }

    private func push(
        _ layer: Layer, to repository: Reference, ensureBlob: @escaping @Sendable (Layer) async throws -> Void,
        progress: @escaping @Sendable (Int64) -> Void
    ) async throws {
        try await transfers.value(for: Transfer(repository: repository.name, digest: layer.blob.digest)) {
            let origins = layer.origin.map { $0.registry == repository.registry ? [$0.repository] : [] } ?? []
            let store = self.store
            _ = try await self.client.pushBlob(
                layer.blob, to: repository, mountFrom: origins, progress: progress
            ) {
                try await ensureBlob(layer)
                // The registry would refuse altered bytes, this time and every time.
                try store.verifyBlob(layer.blob.digest)
                return .file(store.blobPath(layer.blob.digest))
            }
        }
    }
}
