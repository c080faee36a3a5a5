// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Store

/// Remembers what steps gave, across platforms within a build and across builds in the store.
struct StepCache: Sendable {
    let store: Store
    private let running = SingleFlight<Digest, Outcome>()

    init(store: Store) { self.store = store }

    struct Outcome: Sendable {
        var layer: Layer
        var created: String
        var isCached: Bool
    }

    /// The layer of the step with this key: remembered, or made by `work`.
    func layer(
        for key: Digest, policy: CachePolicy, _ work: @Sendable () async throws -> Layer
    ) async throws -> Outcome {
        let outcome = try await running.value(for: key) {
            if policy == .use, let known = try remembered(key) { return known }
            let layer = try await work()
            let created = Timestamp.text(seconds: Timestamp.now)
            let outcome = Outcome(layer: layer, created: created, isCached: false)
            try remember(outcome, for: key)
            return outcome
        }
        return outcome
    }

    /// What an earlier build found for this key.
    func remembered(_ key: Digest) throws -> Outcome? {
        guard let record = try store.step(key), let layer = try store.layer(record.diffID) else { return nil }
        return Outcome(
            layer: Layer(diffID: layer.diffID, blob: layer.blob), created: record.created, isCached: true)
    }

    func remember(_ outcome: Outcome, for key: Digest) throws {
        try store.save(StepRecord(diffID: outcome.layer.diffID, created: outcome.created), for: key)
    }
}
