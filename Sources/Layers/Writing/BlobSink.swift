// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dispatch
import Glibc
import OCI

/// Takes tar bytes; hashes, compresses, hashes again and writes them to a descriptor.
///
/// Chunks of one MiB are gathered until there is one for each processor (four at most), compressed side by side and
/// written in order, so that the bytes do not depend on the number of processors.
final class BlobSink {
    private let descriptor: Int32
    private let compression: LayerCompression
    private let slotLimit: Int
    private var slots: [ChunkSlot] = []
    private var current = 0
    private var tar = Digester()
    private var blob = Digester()

    init(descriptor: Int32, compression: LayerCompression) {
        self.descriptor = descriptor
        self.compression = compression
        slotLimit = compression == .none ? 1 : min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1), 4)
    }

    /// The digest and length of the tar and of the blob; final after ``finish()``.
    var result: (diffID: Digest, uncompressedSize: Int64, digest: Digest, size: Int64) {
        (tar.digest(), tar.count, blob.digest(), blob.count)
    }

    /// Appends bytes.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = try fill(atMost: rest.count) { room in
                room.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<room.count]))
                return room.count
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Lets `body` put up to `limit` bytes right where they are compressed from; it returns how many it put there.
    func fill(atMost limit: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Int) throws -> Int {
        if current == slots.count { slots.append(ChunkSlot(compression)) }
        let slot = slots[current]
        let room = UnsafeMutableRawBufferPointer(
            rebasing: slot.input[slot.inputCount..<min(slot.inputCount + limit, ChunkSlot.capacity)])
        let count = min(try body(room), room.count)
        slot.inputCount += count
        if slot.inputCount == ChunkSlot.capacity {
            tar.update(UnsafeRawBufferPointer(slot.input))
            current += 1
            if current == slotLimit { try flush() }
        }
        return count
    }

    /// Writes what is left.
    func finish() throws {
        if current < slots.count, slots[current].inputCount > 0 {
            tar.update(UnsafeRawBufferPointer(rebasing: slots[current].input[..<slots[current].inputCount]))
            current += 1
        }
        try flush()
    }

    private func flush() throws {
        try Task.checkCancellation()
        let full = Array(slots[..<current])
        if full.count > 1 {
            DispatchQueue.concurrentPerform(iterations: full.count) { full[$0].compress() }
        } else {
            full.first?.compress()
        }
        guard full.allSatisfy(\.isCompressed) else { throw System.outOfMemory("compress a layer") }
        for slot in full {
            blob.update(slot.result)
            try System.write(descriptor, slot.result, path: "layer blob")
            slot.inputCount = 0
        }
        current = 0
    }
}
