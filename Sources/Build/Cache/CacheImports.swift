// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Synchronization

/// What the caches that a build reads remember, and where their layers are.
final class CacheImports: Sendable {
    /// A step's result in a cache.
    struct Entry: Sendable {
        var diffID: Digest
        var created: String
        /// The keys that go with the one that was looked for.
        var also: [Digest]
        /// The layer's blob; nil when the cache has only its name.
        var blob: Descriptor?
        /// Which cache it is in.
        var source: Int
    }

    private struct State {
        var sources: [any CacheSource] = []
        var entries: [Digest: [Entry]] = [:]
        var holders: [Digest: [(source: Int, blob: Descriptor)]] = [:]
        /// Layers that were looked for in vain.
        var lost: Set<Layer> = []
    }

    private let state = Mutex(State())

    init() {}

    /// Adds what was read of a cache; earlier ones come first.
    func add(_ records: [(record: CacheRecord, blob: Descriptor?)], of source: any CacheSource) {
        state.withLock { state in
            let number = state.sources.count
            state.sources.append(source)
            for (record, blob) in records {
                for (position, key) in record.keys.enumerated() {
                    state.entries[key, default: []].append(
                        Entry(
                            diffID: record.diffID, created: record.created,
                            also: Array(record.keys[(position + 1)...]), blob: blob, source: number))
                }
                if let blob { state.holders[record.diffID, default: []].append((number, blob)) }
            }
        }
    }

    /// The result of the step with this key: one whose bytes are to be had, or else only its name.
    func entry(for key: Digest) -> Entry? {
        state.withLock { state in
            guard let entries = state.entries[key] else { return nil }
            return entries.first { $0.blob != nil } ?? entries.first
        }
    }

    /// The name under which a registry has the layers of a cache.
    func reference(of source: Int) -> Reference? { state.withLock { $0.sources[source].reference } }

    /// The cache that a layer was found in; nil for a layer of a base image or one that was made here.
    func holder(of layer: Layer) -> (any CacheSource)? {
        state.withLock { state in
            for (source, blob) in state.holders[layer.diffID] ?? [] where blob.digest == layer.blob.digest {
                if state.sources[source].reference == layer.origin { return state.sources[source] }
            }
            return nil
        }
    }

    /// Whether a layer was looked for in vain.
    func isLost(_ layer: Layer) -> Bool { state.withLock { $0.lost.contains(layer) } }

    /// Forgets that a layer was to be had where it was found.
    func forget(_ layer: Layer) {
        state.withLock { state in
            guard state.lost.insert(layer).inserted else { return }
            let sources = state.sources
            func isMeant(_ source: Int, _ blob: Descriptor?) -> Bool {
                if layer.isNameOnly { return blob == nil }
                return blob?.digest == layer.blob.digest && sources[source].reference == layer.origin
            }
            state.holders[layer.diffID]?.removeAll { isMeant($0.source, $0.blob) }
            for (key, entries) in state.entries where entries.contains(where: { $0.diffID == layer.diffID }) {
                state.entries[key] = entries.filter { $0.diffID != layer.diffID || !isMeant($0.source, $0.blob) }
            }
        }
    }
}

extension Layer {
    /// A layer of which nothing is known but its name.
    init(nameOnly diffID: Digest) {
        self.init(diffID: diffID, blob: Descriptor(mediaType: .ociLayer, digest: diffID, size: -1))
    }

    /// Whether nothing is known of the layer but its name.
    var isNameOnly: Bool { blob.size < 0 }
}
