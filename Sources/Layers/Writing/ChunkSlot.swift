// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// One MiB of tar bytes and the room for its compressed form.
///
/// A slot is used by one thread at a time: filled by the writer, compressed by any thread, then emptied by the writer.
final class ChunkSlot: @unchecked Sendable {
    static let capacity = 1 << 20

    let input = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 64)
    var inputCount = 0

    private let compressor: (any ChunkCompressor)?
    private let output: UnsafeMutableRawBufferPointer
    private var outputCount = 0
    /// Whether the last ``compress()`` made something; not when memory ran out.
    private(set) var isCompressed = true

    /// A slot that compresses, or hands its input on when there is nothing to do.
    init(_ compression: LayerCompression) {
        switch compression {
        case .none: compressor = nil
        case .gzip(let level): compressor = GzipMember(level: level)
        case .zstd(let level): compressor = ZstdFrame(level: level)
        }
        output = .allocate(byteCount: compressor?.bound(Self.capacity) ?? 0, alignment: 64)
    }

    deinit {
        input.deallocate()
        output.deallocate()
    }

    /// Makes the slot's part of the blob. The output depends on the input and the level only.
    func compress() {
        guard let compressor else { return }
        outputCount = compressor.compress(UnsafeRawBufferPointer(rebasing: input[..<inputCount]), into: output)
        isCompressed = outputCount > 0
    }

    /// What the last ``compress()`` made.
    var result: UnsafeRawBufferPointer {
        compressor == nil
            ? UnsafeRawBufferPointer(rebasing: input[..<inputCount])
            : UnsafeRawBufferPointer(rebasing: output[..<outputCount])
    }
}
