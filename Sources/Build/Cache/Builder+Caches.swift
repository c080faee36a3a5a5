// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// What a build takes from caches before it begins.
extension Builder {
    /// Reads all caches at once; a build that does everything anew needs none.
    ///
    /// - Throws: nothing but `CancellationError`.
    func read(_ caches: BuildCaches, _ request: BuildRequest) async throws -> [CacheReader.Result] {
        guard request.cachePolicy == .use, !caches.sources.isEmpty else { return [] }
        return try await withThrowingTaskGroup(of: (Int, CacheReader.Result).self) { group in
            for (number, source) in caches.sources.enumerated() {
                group.addTask { (number, try await CacheReader(source: source, platforms: request.platforms).read()) }
            }
            var results: [(Int, CacheReader.Result)] = []
            for try await result in group { results.append(result) }
            return results.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}

extension CacheImports {
    /// Takes in what was read, and tells of it.
    convenience init(_ results: [CacheReader.Result], _ relay: EventRelay) {
        self.init()
        for result in results {
            let step = relay.step("import cache from \(result.source.name)")
            relay.send(.started(step, at: result.startedAt))
            relay.send(.progressed(step: step.id, completed: result.byteCount, total: result.byteCount))
            relay.send(.finished(step: step.id, outcome: .done, at: result.endedAt))
            if let warning = result.warning { relay.warn(BuildWarning(warning)) }
            add(result.records, of: result.source)
        }
    }
}
