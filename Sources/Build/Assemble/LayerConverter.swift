// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Images
import Layers
import OCI
import Store
import SystemPackage

/// Brings layers into the form that a destination asks for; each once for all who ask, and remembered in the store.
struct LayerConverter: Sendable {
    let library: LayerLibrary
    let epoch: SourceEpoch?
    private let converted = SingleFlight<Conversion, Layer>()
    private let clamped = SingleFlight<Digest, Layer>()

    private struct Conversion: Hashable {
        var diffID: Digest
        var compression: LayerCompression
    }

    init(library: LayerLibrary, epoch: SourceEpoch?) {
        self.library = library
        self.epoch = epoch
    }

    /// The layer as `form` wants it; the same layer when it is so already.
    ///
    /// - Throws: ``LayersError``, ``StoreError``, and what fetching a base's layer throws.
    func layer(_ layer: Layer, in form: ImageForm) async throws -> Layer {
        var layer = layer
        // What a cache had is of this build as much as what was made here.
        let isOwn = layer.origin == nil || library.imports.holder(of: layer) != nil
        if form.clampsTimes, isOwn { layer = try await clamping(layer) }
        guard let wanted = form.compression, isOwn || form.recompressesBases,
            !Self.has(layer, wanted)
        else { return layer }
        return try await recompressed(layer, as: wanted.layerCompression)
    }

    private static func has(_ layer: Layer, _ wanted: ImageForm.Compression) -> Bool {
        let compression = wanted.layerCompression
        guard layer.blob.mediaType.oci == compression.mediaType else { return false }
        return wanted.level == nil || wanted.method == .uncompressed
            || layer.origin == nil && compression == .standard
    }

    /// Another blob of the same layer.
    private func recompressed(_ layer: Layer, as compression: LayerCompression) async throws -> Layer {
        let store = library.store
        return try await converted.value(for: Conversion(diffID: layer.diffID, compression: compression)) {
            if let known = try store.layer(layer.diffID, as: compression.description) {
                return Layer(diffID: layer.diffID, blob: known.blob)
            }
            let blob = try await library.verified(layer) { source, expectation in
                let (path, target) = try store.scratch.newFile("blob")
                defer {
                    try? target.close()
                    unlink(path.string)
                }
                do {
                    let blob = try Recompressor.recompress(
                        source, expecting: expectation, to: target, as: compression)
                    try store.adoptBlob(blob.digest, from: path)
                    return blob
                } catch {
                    throw store.namingDisk(in: error)
                }
            }
            try store.save(LayerRecord(diffID: layer.diffID, blob: blob), as: compression.description)
            return Layer(diffID: layer.diffID, blob: blob)
        }
    }

    /// The layer without times after the epoch: layers of earlier builds may have such.
    private func clamping(_ layer: Layer) async throws -> Layer {
        guard let epoch else { return layer }
        return try await clamped.value(for: layer.diffID) {
            let index = try await library.index(of: layer)
            guard index.contains(where: { $0.modificationTime.seconds > epoch.seconds }) else { return layer }
            var key = KeyBuilder("clamp")
            key.add(layer.diffID.description)
            key.add(String(epoch.seconds))
            if let record = try library.store.step(key.digest), let known = try library.store.layer(record.diffID) {
                return Layer(diffID: known.diffID, blob: known.blob)
            }
            let made = try await library.verified(layer) { source, expectation in
                let reader = try LayerReader(from: source, expecting: expectation)
                return try LayerMaker(store: library.store, epoch: epoch).make { writer in
                    try writer.append(allOf: reader, index: index)
                }
            }
            try library.store.save(
                StepRecord(diffID: made.diffID, created: Timestamp.text(seconds: epoch.seconds)), for: key.digest)
            return made
        }
    }
}
