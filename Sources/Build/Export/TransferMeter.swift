// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Synchronization

/// Adds up what several transfers report.
final class TransferMeter: Sendable {
    private let completed = Mutex<[Digest: Int64]>([:])
    private let total: Int64
    private let report: @Sendable (Int64, Int64) -> Void

    init(total: Int64, report: @escaping @Sendable (Int64, Int64) -> Void) {
        self.total = total
        self.report = report
    }

    func set(_ count: Int64, for digest: Digest) {
        let sum = completed.withLock { completed in
            completed[digest] = count
            return completed.values.reduce(0, +)
        }
        report(sum, total)
    }
}
