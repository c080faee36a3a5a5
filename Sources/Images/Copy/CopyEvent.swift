// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
import Registry
import Synchronization

/// What a copy tells while it goes on; targets are counted as they were named.
public enum CopyEvent: Sendable {
    /// It is known what there is to carry.
    case read(ImageSelection)
    /// Work for a target begins.
    case started(target: Int, bytes: Int64)
    /// So many of a target's bytes are there.
    case progressed(target: Int, completed: Int64, total: Int64)
    /// A target has the image under its name.
    case finished(target: Int, CopyReport)
    /// A target does not get the image.
    case failed(target: Int, any Error)
}

/// What a copy to one target came to.
public struct CopyReport: Sendable {
    /// Some blobs.
    public struct Tally: Sendable, Hashable {
        public var count = 0
        public var bytes: Int64 = 0

        mutating func add(_ blob: Descriptor) {
            count += 1
            bytes += blob.size
        }
    }

    /// Where the image can be found, for people.
    public let places: [String]
    public let image: ImageSelection
    /// Whether the name stood for this very image before.
    public let isUnchanged: Bool
    public let sent: Tally
    public let mounted: Tally
    public let alreadyThere: Tally

    /// All of it together.
    public var tally: TransferTally {
        var tally = TransferTally()
        (tally.sent, tally.mounted, tally.alreadyThere) = (sent, mounted, alreadyThere)
        return tally
    }

    /// The digest that the name stands for now.
    public var digest: Digest { image.root.descriptor.digest }
}

/// Adds up what becomes of blobs.
final class CopyLedger: Sendable {
    struct State {
        var sent = CopyReport.Tally()
        var mounted = CopyReport.Tally()
        var alreadyThere = CopyReport.Tally()
        var arrived: [Digest: Int64] = [:]
        var completed: Int64 = 0
    }

    private let state = Mutex(State())
    private let total: Int64
    private let report: @Sendable (_ completed: Int64, _ total: Int64) -> Void

    init(total: Int64, report: @escaping @Sendable (Int64, Int64) -> Void) {
        self.total = total
        self.report = report
    }

    func note(_ count: Int64, of blob: Descriptor) {
        let completed = state.withLock { state in
            state.completed += count - (state.arrived[blob.digest] ?? 0)
            state.arrived[blob.digest] = count
            return state.completed
        }
        report(completed, total)
    }

    func settle(_ blob: Descriptor, _ outcome: PushOutcome) {
        state.withLock { state in
            switch outcome {
            case .uploaded: state.sent.add(blob)
            case .mounted: state.mounted.add(blob)
            case .alreadyThere: state.alreadyThere.add(blob)
            }
        }
        note(blob.size, of: blob)
    }

    var tallies: State { state.withLock { $0 } }
}
