// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Emulation
import OCI
import Synchronization

/// Remembers how long each RUN step took, for the summary of the build.
final class RunClock: Sendable {
    private let host: Platform
    /// By vertex; nil for a step that took an earlier result.
    private let times = Mutex<[Int: Duration?]>([:])

    init(host: Platform) {
        self.host = host
    }

    /// Notes the end of a step; one that is done again counts as what it was last.
    func note(_ vertex: BuildGraph.Vertex, since start: ContinuousClock.Instant, isCached: Bool) {
        let time: Duration? = isCached ? nil : start.duration(to: .now)
        times.withLock { $0[vertex.id] = .some(time) }
    }

    /// The times of the steps that are for these platforms and no others; nil when there are none.
    func time(of graph: BuildGraph, where isMeant: (_ platforms: [Platform]) -> Bool) -> RunTime? {
        let times = times.withLock { $0 }
        var sum: RunTime?
        for vertex in graph.vertices where isMeant(vertex.step.platforms) {
            guard case .run(let operation) = vertex.operation, let time = times[vertex.id] else { continue }
            var total = sum ?? RunTime()
            if let time {
                if ExecutionMode.native(for: operation.platform, host: host) == nil {
                    total.emulated = (total.emulated ?? .zero) + time
                } else {
                    total.native = (total.native ?? .zero) + time
                }
            } else {
                total.cachedCount += 1
            }
            sum = total
        }
        return sum
    }
}
