// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Synchronization

/// The last bytes that a command wrote to each of its outputs.
final class RecentOutput: Sendable {
    private static let limit = 16 << 10
    private let kept = Mutex<[BuildEvent.OutputStream: [UInt8]]>([:])

    func append(_ bytes: [UInt8], to stream: BuildEvent.OutputStream) {
        kept.withLock { kept in
            kept[stream, default: []] += bytes.suffix(Self.limit)
            // Cut seldom, so that many short writes do not move the rest each time.
            if let count = kept[stream]?.count, count > 2 * Self.limit {
                kept[stream]?.removeFirst(count - Self.limit)
            }
        }
    }

    /// The lines, those of the errors last; nothing of them is longer than it should be.
    var lines: [String] {
        let kept = kept.withLock { $0 }
        return [BuildEvent.OutputStream.stdout, .stderr].flatMap { stream in
            (kept[stream] ?? []).suffix(Self.limit).split(whereSeparator: { $0 == 0x0a }).suffix(100).map { line in
                // What ends a line on a terminal is no part of it.
                let line = line.last == 0x0d ? line.dropLast() : line
                return String(decoding: line.prefix(1024), as: UTF8.self)
            }
        }
    }
}
