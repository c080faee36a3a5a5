// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Registry
import Synchronization

/// What became of the blobs of a transfer.
public struct TransferTally: Sendable, Hashable {
    public var sent = CopyReport.Tally()
    public var mounted = CopyReport.Tally()
    public var alreadyThere = CopyReport.Tally()

    public init() {}

    /// Counts a blob.
    public mutating func add(_ blob: Descriptor, _ outcome: PushOutcome) {
        switch outcome {
        case .uploaded: sent.add(blob)
        case .mounted: mounted.add(blob)
        case .alreadyThere: alreadyThere.add(blob)
        }
    }
}

/// Counts the blobs of transfers that go on side by side, and the time that they take.
package final class TransferLedger: Sendable {
    private struct State {
        var tally = TransferTally()
        var running = 0
        var since = ContinuousClock.Instant.now
        var duration = Duration.zero
    }

    private let state = Mutex(State())

    package init() {}

    /// Sends a blob by `body` and counts it. Time counts while anything is on its way.
    package func count(_ blob: Descriptor, _ body: () async throws -> PushOutcome) async throws {
        state.withLock { state in
            if state.running == 0 { state.since = .now }
            state.running += 1
        }
        defer {
            state.withLock { state in
                state.running -= 1
                if state.running == 0 { state.duration += state.since.duration(to: .now) }
            }
        }
        let outcome = try await body()
        state.withLock { $0.tally.add(blob, outcome) }
    }

    /// What was counted, and the time that it took.
    package var total: (tally: TransferTally, duration: Duration) { state.withLock { ($0.tally, $0.duration) } }
}
