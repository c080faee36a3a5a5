// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CDeflate

/// One MiB of tar bytes and the room for its compressed form.
///
/// A slot is used by one thread at a time: filled by the writer, compressed by any thread, then emptied by the writer.
final class ChunkSlot: @unchecked Sendable {
    static let capacity = 1 << 20

    let input = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 64)
    var inputCount = 0

    private let compressor: OpaquePointer?
    private let output: UnsafeMutableRawBufferPointer
    private var outputCount = 0

    /// A slot that compresses at `level`, or hands its input on when that is nil.
    init(level: Int?) {
        compressor = level.flatMap { libdeflate_alloc_compressor(Int32(min(max($0, 1), 12))) }
        let bound = compressor.map { libdeflate_gzip_compress_bound($0, Self.capacity) } ?? 0
        output = .allocate(byteCount: bound, alignment: 64)
    }

    deinit {
        input.deallocate()
        output.deallocate()
        if let compressor { libdeflate_free_compressor(compressor) }
    }

    /// Makes the slot's part of the blob. The output depends on the input and the level only.
    func compress() {
        guard let compressor else { return }
        outputCount = libdeflate_gzip_compress(
            compressor, input.baseAddress, inputCount, output.baseAddress, output.count)
    }

    /// What the last ``compress()`` made.
    var result: UnsafeRawBufferPointer {
        compressor == nil
            ? UnsafeRawBufferPointer(rebasing: input[..<inputCount])
            : UnsafeRawBufferPointer(rebasing: output[..<outputCount])
    }
}
