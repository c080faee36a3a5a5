// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Audit
import Glibc
import Images
import Layers
import OCI
import Store
import SystemPackage

/// Brings layers into the form that a step needs, no sooner than it needs it and once for all who ask: the compressed
/// blob, the index of its entries, the unpacked snapshot.
struct LayerLibrary: Sendable {
    let store: Store
    let source: any LayerSource
    let events: EventRelay
    /// The caches that layers may come from.
    let imports: CacheImports
    /// The platforms that a base's blob is for, for people.
    let platforms: [Digest: [Platform]]
    /// Whether the programs in layers are looked at when a layer is read.
    let inspects: Bool
    private let blobs = SingleFlight<Claim, Void>()
    private let indexes = SingleFlight<Digest, LayerIndex>()
    private let snapshots = SingleFlight<Digest, FilePath>()
    private let inspections = SingleFlight<Digest, LayerFacts?>()

    /// That a blob is a layer.
    private struct Claim: Hashable {
        var diffID: Digest
        var blob: Digest
    }

    init(
        store: Store, source: any LayerSource, events: EventRelay, imports: CacheImports = CacheImports(),
        platforms: [Digest: [Platform]] = [:], inspects: Bool = true
    ) {
        self.inspects = inspects
        self.imports = imports
        self.platforms = platforms
        self.store = store
        self.source = source
        self.events = events
    }

    /// Sees to it that the store has a layer's blob.
    ///
    /// - Throws: ``LostLayer`` when it should have come from a cache; what the image source throws.
    func ensureBlob(_ layer: Layer) async throws {
        let blob = layer.blob
        try checkIsThere(layer)
        try await blobs.value(for: Claim(diffID: layer.diffID, blob: blob.digest)) {
            let isHere = store.hasBlob(blob.digest, size: blob.size)
            if let holder = imports.holder(of: layer) {
                // That the blob is here does not say that it is this layer.
                if isHere, try store.layer(layer.diffID)?.blob.digest == blob.digest { return }
                return try await pull(layer, from: holder)
            }
            if isHere { return }
            guard let origin = layer.origin else { throw StoreError.missingBlob(blob.digest) }
            let step = events.step(
                "pull \(origin.familiar) \(blob.digest.short)", platforms: platforms[blob.digest] ?? [])
            try await events.perform(step) {
                try await source.fetch(blob, of: origin, into: store) { completed in
                    events.send(.progressed(step: step.id, completed: completed, total: blob.size))
                }
                return ((), .done)
            }
        }
    }

    /// The entries of every layer of a stack, merged.
    func tree(of layers: [Layer]) async throws -> LayerStack {
        try await withBlobsOnTheirWay(layers.filter { !Files.exists(store.indexPath($0.diffID)) }) {
            var list: [LayerIndex] = []
            for layer in layers { list.append(try await index(of: layer)) }
            return LayerStack(list)
        }
    }

    /// Does work that needs the blobs of some layers one after the other, while all of them are fetched side by side.
    private func withBlobsOnTheirWay<Result: Sendable>(
        _ layers: [Layer], _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        // The lowest first: what stands on it may have to be made again as well.
        for layer in layers { try checkIsThere(layer) }
        guard layers.count > 1 else { return try await work() }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for layer in layers { group.addTask { try await ensureBlob(layer) } }
            async let result = work()
            try await group.waitForAll()
            return try await result
        }
    }

    private func checkIsThere(_ layer: Layer) throws {
        if layer.isNameOnly || imports.isLost(layer) { throw LostLayer(layer: layer, reason: nil) }
    }

    /// The index of one layer.
    func index(of layer: Layer) async throws -> LayerIndex {
        try await indexes.value(for: layer.diffID) {
            if let index = try store.index(layer.diffID) { return index }
            return try await verified(layer) { try store.inspect($0, $1, layer.diffID, looks: inspects) }
        }
    }

    /// What is known of the programs in a layer; nil when nobody has looked yet and its bytes are not at hand.
    ///
    /// - Parameter fetches: whether bytes that are elsewhere are fetched.
    /// - Throws: ``LostLayer`` and what fetching throws, when that is wanted; ``LayersError``, ``StoreError``.
    func facts(of layer: Layer, fetches: Bool) async throws -> LayerFacts? {
        try await inspections.value(for: layer.diffID) {
            if let facts = try store.facts(layer.diffID), Files.exists(store.indexPath(layer.diffID)) { return facts }
            guard fetches || store.hasBlob(layer.blob.digest, size: layer.blob.size) else { return nil }
            _ = try await verified(layer) { try store.inspect($0, $1, layer.diffID, looks: inspects) }
            return try store.facts(layer.diffID)
        }
    }

    /// The directories of a stack's layers, lowest first, as overlayfs wants them: each once, in its topmost place,
    /// which hides whatever the same layer would add further down.
    func snapshots(of layers: [Layer]) async throws -> [FilePath] {
        let missing = layers.indices.filter { position in
            store.snapshot(layers[position].diffID) == nil && store.snapshot(layers[...position].chainID) == nil
        }
        let paths = try await withBlobsOnTheirWay(missing.map { layers[$0] }) {
            var paths: [FilePath] = []
            for position in layers.indices { paths.append(try await snapshot(of: layers, at: position)) }
            return paths
        }
        var seen: Set<FilePath> = []
        return paths.reversed().filter { seen.insert($0).inserted }.reversed()
    }

    /// The directory that one layer of a stack is unpacked in.
    func snapshot(of layers: [Layer], at position: Int) async throws -> FilePath {
        let layer = layers[position]
        if let path = store.snapshot(layer.diffID) { return path }
        // A layer that leaves out directories that it has files in takes them from what is below it; its snapshot is
        // then good for this stack only.
        let chainID = layers[...position].chainID
        return try await snapshots.value(for: chainID) {
            if let path = store.snapshot(layer.diffID) ?? store.snapshot(chainID) { return path }
            let below = try await tree(of: Array(layers[..<position]))
            let directory = try store.scratch.newDirectory("snapshot")
            // What became no snapshot, because it failed or another process was faster, is of no use.
            defer { try? Files.removeTree(directory) }
            let unpacked = try await verified(layer) { file, expectation in
                try Files.removeTree(directory)
                try Files.makeDirectories(directory, mode: 0o755)
                let inspector = inspects && !Files.exists(store.factsPath(layer.diffID)) ? LayerInspector() : nil
                do {
                    let unpacked = try Unpacker.unpack(
                        file, expecting: expectation, into: directory, below: below, observer: inspector)
                    try inspector?.save(for: layer.diffID, in: store)
                    return unpacked
                } catch {
                    throw store.namingDisk(in: error)
                }
            }
            for skipped in unpacked.skipped {
                events.warn(
                    BuildWarning(
                        "\(layer.origin?.familiar ?? "a layer"): /\(skipped.path) (\(skipped.what)) cannot be made here; RUN steps do without it"
                    ))
            }
            if try store.index(layer.diffID) == nil {
                try Files.write(unpacked.index.encoded, to: store.indexPath(layer.diffID))
            }
            let name = unpacked.impliedDirectoryCount == 0 ? layer.diffID : chainID
            return try store.adoptSnapshot(name, from: directory)
        }
    }

    /// Reads a layer's blob with all checks; a damaged copy in the store is thrown away and fetched once more. One that
    /// was made here can only be thrown away: without it, the next build makes it again.
    func verified<Result>(
        _ layer: Layer, _ read: (FileDescriptor, LayerExpectation) throws -> Result
    ) async throws -> Result {
        try await ensureBlob(layer)
        do { return try readBlob(layer, read) } catch let error as LayersError where error.isDamage {
            store.discardBlob(layer.blob.digest)
            if let holder = imports.holder(of: layer) {
                try await pull(layer, from: holder)
            } else {
                guard let origin = layer.origin else { throw error }
                try await source.fetch(layer.blob, of: origin, into: store) { _ in }
            }
            return try readBlob(layer, read)
        }
    }

    /// Brings a layer from a cache into the store. What a cache says of a layer is believed only when its bytes agree.
    private func pull(_ layer: Layer, from holder: any CacheSource) async throws {
        let blob = layer.blob
        let step = events.step("pull \(holder.name) \(blob.digest.short)", platforms: platforms[blob.digest] ?? [])
        try await events.perform(step) {
            let isHere = store.hasBlob(blob.digest, size: blob.size)
            do {
                if !isHere {
                    try await holder.fetch(blob, into: store) { completed in
                        events.send(.progressed(step: step.id, completed: completed, total: blob.size))
                    }
                }
                _ = try readBlob(layer) { try store.inspect($0, $1, layer.diffID, looks: inspects) }
                try store.save(LayerRecord(diffID: layer.diffID, blob: blob))
                return ((), .done)
            } catch is CancellationError {
                throw CancellationError()
            } catch let error as StoreError where error.isOfThisMachine {
                throw error
            } catch {
                try Task.checkCancellation()
                if let error = error as? LayersError, !(isHere && error.isOtherLayer) {
                    store.discardBlob(blob.digest)
                }
                throw LostLayer(layer: layer, reason: "\(error)")
            }
        }
    }

    private func readBlob<Result>(
        _ layer: Layer, _ read: (FileDescriptor, LayerExpectation) throws -> Result
    ) throws -> Result {
        let file = try FileDescriptor.open(store.blobPath(layer.blob.digest), .readOnly, options: .closeOnExec)
        defer { try? file.close() }
        return try read(file, LayerExpectation(layer.blob, diffID: layer.diffID))
    }
}

extension StoreError {
    /// Whether the trouble is with this machine's files, and not with what was to be stored.
    fileprivate var isOfThisMachine: Bool { if case .file = self { true } else { false } }
}

extension LayersError {
    /// Whether the blob is good and somebody was wrong about which layer it is.
    fileprivate var isOtherLayer: Bool { if case .diffIDMismatch = self { true } else { false } }

    /// Whether the bytes are not what they should be.
    fileprivate var isDamage: Bool {
        switch self {
        case .blobDigestMismatch, .blobSizeMismatch, .decompressionFailed, .diffIDMismatch, .malformedArchive: true
        default: false
        }
    }
}
