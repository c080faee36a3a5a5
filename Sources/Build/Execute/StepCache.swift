// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
import OCI
import Store

/// Remembers what steps gave: across platforms within a build, across builds in the store, across machines in caches
/// that the build imports.
struct StepCache: Sendable {
    let store: Store
    let imports: CacheImports
    /// Whether a result will do of which only the name is known: good for finding the steps after it.
    private var takesNames = false
    private let running = SingleFlight<Flight, Outcome>()

    private struct Flight: Hashable {
        var key: Digest
        var takesNames: Bool
    }

    init(store: Store, imports: CacheImports = CacheImports()) {
        self.store = store
        self.imports = imports
    }

    struct Outcome: Sendable {
        var layer: Layer
        var created: String
        var isCached: Bool
        /// The keys that the result is known by, in the order in which they are looked for.
        var keys: [Digest]
    }

    /// The same memory, as it serves one step: layers of an image must be had whole.
    func serving(_ vertex: BuildGraph.Vertex) -> StepCache {
        var cache = self
        cache.takesNames = !vertex.isInImage
        return cache
    }

    /// The layer of the step with this key: remembered, or made by `work`.
    func layer(
        for key: Digest, policy: CachePolicy, _ work: @Sendable () async throws -> Layer
    ) async throws -> Outcome {
        try await running.value(for: Flight(key: key, takesNames: takesNames)) {
            if policy == .use, let known = try remembered(key) { return known }
            let layer = try await work()
            let created = Timestamp.text(seconds: Timestamp.now)
            return try remember(Outcome(layer: layer, created: created, isCached: false, keys: []), for: key)
        }
    }

    /// What an earlier build found for this key.
    func remembered(_ key: Digest) throws -> Outcome? {
        if let record = try store.step(key), let layer = try store.layer(record.diffID) {
            return Outcome(
                layer: Layer(diffID: layer.diffID, blob: layer.blob), created: record.created, isCached: true,
                keys: [key] + (record.also ?? []))
        }
        guard let entry = imports.entry(for: key), let layer = try layer(of: entry) else { return nil }
        let known = Outcome(layer: layer, created: entry.created, isCached: true, keys: entry.also)
        return layer.isNameOnly ? adding(key, to: known) : try remember(known, for: key)
    }

    /// Remembers a result under one more key, which is looked for before those that it has.
    ///
    /// - Returns: the result that has the key: what a cache for others is made of.
    func remember(_ outcome: Outcome, for key: Digest) throws -> Outcome {
        let outcome = adding(key, to: outcome)
        // A name alone is of no use to a later build.
        if !outcome.layer.isNameOnly {
            try store.save(
                StepRecord(
                    diffID: outcome.layer.diffID, created: outcome.created, also: Array(outcome.keys.dropFirst())),
                for: key)
        }
        return outcome
    }

    /// Forgets that a layer was to be had.
    func forget(_ layer: Layer) async {
        imports.forget(layer)
        await running.forget { $0.layer == layer }
    }

    private func adding(_ key: Digest, to outcome: Outcome) -> Outcome {
        var outcome = outcome
        outcome.keys = [key] + outcome.keys.filter { $0 != key }
        return outcome
    }

    private func layer(of entry: CacheImports.Entry) throws -> Layer? {
        if let here = try store.layer(entry.diffID) { return Layer(diffID: here.diffID, blob: here.blob) }
        if let blob = entry.blob {
            return Layer(diffID: entry.diffID, blob: blob, origin: imports.reference(of: entry.source))
        }
        return takesNames ? Layer(nameOnly: entry.diffID) : nil
    }
}
