// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Takes exact numbers of bytes out of a ``BlobReader``'s blocks.
final class ByteFeed {
    private let reader: BlobReader
    private var block = UnsafeRawBufferPointer(start: nil, count: 0)

    init(_ reader: BlobReader) { self.reader = reader }

    /// Up to `limit` bytes without copying, valid until the next call; nil at the end.
    func take(atMost limit: Int) throws -> UnsafeRawBufferPointer? {
        if block.isEmpty {
            guard let next = try reader.next() else { return nil }
            block = next
        }
        let taken = UnsafeRawBufferPointer(rebasing: block.prefix(limit))
        block = UnsafeRawBufferPointer(rebasing: block.dropFirst(limit))
        return taken
    }

    /// Exactly `count` bytes; fewer only when the end comes first.
    func bytes(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count, let more = try take(atMost: count - bytes.count) { bytes.append(contentsOf: more) }
        return bytes
    }

    /// Reads to the end of the blob.
    func drain() throws {
        block = UnsafeRawBufferPointer(start: nil, count: 0)
        try reader.drain()
    }
}
