// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// What a finished build knows of one platform, for a cache.
struct CacheCollection: Sendable {
    let platform: Platform
    private(set) var records: [CacheRecord] = []
    /// The layers whose bytes are kept, each once.
    private(set) var layers: [Layer] = []

    /// Collects the steps that a platform needed, alone or together with others.
    init(_ platform: Platform, graph: BuildGraph, results: [Int: StepResult], extent: CacheExport.Extent) {
        self.platform = platform
        var positions: [CacheRecord: Int] = [:]
        var seen: Set<Digest> = []
        for vertex in graph.vertices where vertex.step.platforms.contains(platform) {
            guard let result = results[vertex.id], !result.keys.isEmpty, let layer = result.layers.last else {
                continue
            }
            let created = result.created ?? Timestamp.text(seconds: 0)
            let record = CacheRecord(diffID: layer.diffID, created: created, keys: result.keys)
            if positions.updateValue(records.count, forKey: record) == nil { records.append(record) }
            if extent == .everything || vertex.isInImage, !layer.isNameOnly, seen.insert(layer.diffID).inserted {
                layers.append(layer)
            }
        }
    }
}
