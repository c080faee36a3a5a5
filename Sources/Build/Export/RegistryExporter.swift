// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
public import OCI
public import Registry
public import Store

/// Publishes to registries: blobs first, then each platform's manifest, then tags: those of single images, then those of
/// the whole.
///
/// Nothing that anybody reads changes before everything is uploaded to every registry; a failure leaves all tags as
/// they were. A registry gets the bytes of a layer once: its other repositories take them over from the first.
public final class RegistryExporter: Exporter {
    private let client: RegistryClient
    private let store: Store
    private let names: ImageNames
    public let form: ImageForm
    public let failureHandling: FailureHandling
    private let naming: Naming
    private let localNames: Set<Reference>
    /// Layers that travel, or have travelled, while the build goes on.
    private let transfers = SingleFlight<Transfer, Void>()
    private let ledger = TransferLedger()

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
    ///   - names: where the result goes, and where single images go; at least one.
    ///   - localNames: names that the store is to keep although the registry has them, too.
    public init(
        client: RegistryClient, store: Store, names: ImageNames, form: ImageForm = ImageForm(), naming: Naming = .tags,
        localNames: Set<Reference> = [], failureHandling: FailureHandling = .endsBuild
    ) {
        self.client = client
        self.store = store
        self.names = names
        self.form = form
        self.naming = naming
        self.localNames = localNames
        self.failureHandling = failureHandling
    }

    public var title: String { "push \(names.all.map(\.familiar).joined(separator: ", "))" }

    public func prepare() async throws {
        for name in names.all.oneOfEachRepository {
            do { _ = try await client.resolve(name, by: .registry) } catch let error as RegistryError
                where error.kind == .notFound
            {
                continue
            }
        }
    }

    /// Sends a layer to every repository that gets it whichever platform it is of.
    public func offer(_ layer: Layer, ensureBlob: @escaping @Sendable (Layer) async throws -> Void) async throws {
        var certain = names.whole.oneOfEachRepository
        if certain.isEmpty {
            certain = names.all.oneOfEachRepository
            guard certain.count == 1 else { return }
        }
        for repositories in certain.byRegistry {
            try await push(layer, to: repositories, ensureBlob: ensureBlob, progress: { _ in })
        }
    }

    public func export(
        _ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> Publication {
        let tagged = result.named(names)
        let targets = naming == .digests ? tagged.canonical : tagged
        var outdated: [NamedManifest] = []
        for target in targets where try await digest(of: target.name) != target.descriptor.digest {
            outdated.append(target)
        }
        for repositories in outdated.map(\.name).oneOfEachRepository.byRegistry {
            try await upload(outdated, to: repositories, result, progress: progress)
        }
        if !targets.contains(where: { $0.descriptor.digest == result.root.digest }) {
            result.warn(
                BuildWarning(
                    "every name has a placeholder for the platform, so only the single images are published and no list"
                ))
        }
        let found = naming == .tagsAndDigests ? targets + targets.canonical : targets
        let names = found.map(\.name)
        // The whole comes after its parts.
        let order =
            outdated.filter { $0.descriptor.digest != result.root.digest }
            + outdated.filter { $0.descriptor.digest == result.root.digest }
        return Publication(places: names.map(\.familiar), names: names, reach: .registry, transfer: ledger.total) {
            [client, store, localNames] _ in
            for target in order {
                try await client.putManifest(
                    target.bytes, mediaType: target.descriptor.mediaType, to: target.name)
            }
            // From now on the registry says what these names stand for.
            for target in targets where !localNames.contains(target.name) { store.forget(target.name) }
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

    /// Brings everything but the tags to repositories of one registry.
    private func upload(
        _ targets: [NamedManifest], to repositories: [Reference], _ result: BuildResult,
        progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws {
        var images: [String: [AssembledImage]] = [:]
        var places: [Layer: [Reference]] = [:]
        var configs: [Descriptor: [Reference]] = [:]
        for repository in repositories {
            let wanted = targets.filter { $0.name.name == repository.name }.flatMap(\.images).withoutRepetitions
            images[repository.name] = wanted
            for layer in wanted.flatMap(\.layers).withoutRepetitions { places[layer, default: []].append(repository) }
            for config in wanted.map(\.config).withoutRepetitions { configs[config, default: []].append(repository) }
        }
        let meter = TransferMeter(total: places.keys.reduce(0) { $0 + $1.blob.size }, report: progress)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (layer, repositories) in places {
                group.addTask {
                    try await self.push(layer, to: repositories, ensureBlob: result.ensureBlob) {
                        meter.set($0, for: layer.blob.digest)
                    }
                    meter.set(layer.blob.size, for: layer.blob.digest)
                }
            }
            for (config, repositories) in configs {
                group.addTask {
                    let source = BlobSource.file(self.store.blobPath(config.digest))
                    for repository in repositories {
                        try await self.ledger.count(config) {
                            try await self.client.pushBlob(config, from: source, to: repository)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        // An index names its manifests by their digests; one that gets a tag needs nothing before.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for repository in repositories {
                guard targets.contains(where: { $0.name.name == repository.name && $0.descriptor.mediaType.isIndex })
                else { continue }
                for image in images[repository.name] ?? [] {
                    group.addTask {
                        _ = try await self.client.putManifest(
                            image.manifest, mediaType: image.descriptor.mediaType,
                            to: repository.with(digest: image.descriptor.digest))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Brings a layer to repositories of one registry: to the first, from which the others take it over.
    private func push(
        _ layer: Layer, to repositories: [Reference], ensureBlob: @escaping @Sendable (Layer) async throws -> Void,
        progress: @escaping @Sendable (Int64) -> Void
    ) async throws {
        for repository in repositories {
            try await transfers.value(for: Transfer(repository: repository.name, digest: layer.blob.digest)) {
                let store = self.store
                let likely = (layer.origin.map { [$0] } ?? []) + repositories.prefix { $0 != repository }.prefix(1)
                let origins = store.repositories(
                    of: repository.registry, holding: layer.blob.digest, likely: likely)
                try await self.ledger.count(layer.blob) {
                    try await self.client.pushBlob(
                        layer.blob, to: repository, mountFrom: origins, progress: progress
                    ) {
                        try await ensureBlob(layer)
                        // The registry would refuse altered bytes, this time and every time.
                        try store.verifyBlob(layer.blob.digest)
                        return .file(store.blobPath(layer.blob.digest))
                    }
                }
                // What cannot be written down is forgotten: the layer is sent then, where it could have been mounted.
                try? store.noteOrigins([repository], of: layer.blob.digest)
            }
        }
    }
}

extension Sequence<Reference> {
    /// The first name of each repository.
    fileprivate var oneOfEachRepository: [Reference] {
        var seen: Set<String> = []
        return filter { seen.insert($0.name).inserted }
    }

    /// The names of each registry together.
    fileprivate var byRegistry: [[Reference]] {
        let all = Array(self)
        return all.map(\.registry).withoutRepetitions.map { registry in all.filter { $0.registry == registry } }
    }
}
