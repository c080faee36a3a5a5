// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
import OCI
import Registry
import Store
import SystemPackage

/// Writes what a build knows to a cache: the layers' blobs, then an image for each platform, then the index.
struct CacheExporter: Sendable {
    let store: Store
    let library: LayerLibrary
    let events: EventRelay
    /// The names that the images have now, whose repositories have most of the layers.
    let published: [Reference]

    /// - Throws: what the target throws; what is lost of layers that came from another cache is only left out.
    func export(_ collections: [CacheCollection], to target: any CacheTarget, _ step: BuildStep) async throws {
        try await target.exporting {
            let lost = try await putLayers(of: collections, to: target, step)
            var manifests: [CacheManifest] = []
            for collection in collections {
                let layers = collection.layers.filter { !lost.contains($0.diffID) }
                let image = ImageConfig(platform: collection.platform, diffIDs: layers.map(\.diffID))
                let config = try ImageAssembler.encode(CacheConfig(image: image, records: collection.records))
                let descriptor = Descriptor(
                    mediaType: .ociConfig, digest: Digest.sha256(of: config), size: Int64(config.count))
                try await target.put(config, as: descriptor)
                let manifest = try ImageAssembler.encode(
                    Manifest(
                        config: descriptor, layers: layers.map { ImageAssembler.descriptor(of: $0) },
                        annotations: [CacheIndex.annotation: CacheIndex.version]))
                manifests.append(
                    CacheManifest(
                        descriptor: Descriptor(
                            mediaType: .ociManifest, digest: Digest.sha256(of: manifest), size: Int64(manifest.count),
                            platform: collection.platform),
                        bytes: manifest))
            }
            try await target.publish(manifests)
        }
    }

    /// The layers that could not be had.
    private func putLayers(
        of collections: [CacheCollection], to target: any CacheTarget, _ step: BuildStep
    ) async throws -> Set<Digest> {
        let layers = Array(
            Dictionary(collections.flatMap(\.layers).map { ($0.blob.digest, $0) }) { first, _ in first }.values)
        let meter = TransferMeter(total: layers.reduce(0) { $0 + $1.blob.size }) { completed, total in
            events.send(.progressed(step: step.id, completed: completed, total: total))
        }
        let ledger = TransferLedger()
        let lost: Set<Digest> = try await withThrowingTaskGroup(of: Digest?.self) { group in
            for layer in layers {
                group.addTask {
                    do {
                        try await ledger.count(layer.blob) { try await put(layer, to: target, meter) }
                        return nil
                    } catch let lost as LostLayer {
                        events.warn(BuildWarning("\(lost); it is left out of the cache \(target.name)"))
                        return layer.diffID
                    }
                }
            }
            return try await group.reduce(into: []) { lost, digest in if let digest { lost.insert(digest) } }
        }
        events.send(.transferred(step: step.id, ledger.total.tally, ledger.total.duration))
        return lost
    }

    private func put(
        _ layer: Layer, to target: any CacheTarget, _ meter: TransferMeter
    ) async throws -> PushOutcome {
        let origins = (layer.origin.map { [$0] } ?? []) + published
        let outcome = try await target.put(
            layer.blob, origins: origins, progress: { meter.set($0, for: layer.blob.digest) },
            source: {
                try await library.ensureBlob(layer)
                try store.verifyBlob(layer.blob.digest)
                return store.blobPath(layer.blob.digest)
            })
        meter.set(layer.blob.size, for: layer.blob.digest)
        return outcome
    }
}
