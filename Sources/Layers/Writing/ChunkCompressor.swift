// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CDeflate
import CZstd

/// Turns a chunk into a piece of a compressed blob that stands alone, so that chunks can be compressed side by side
/// and simply follow each other.
protocol ChunkCompressor: AnyObject {
    /// The most bytes that a chunk of `count` bytes can become.
    func bound(_ count: Int) -> Int
    /// Compresses one chunk; the number of bytes made, 0 when memory ran out.
    func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int
}

/// A gzip member (RFC 1952, section 2.2: a file is any number of them).
final class GzipMember: ChunkCompressor {
    private let compressor: OpaquePointer?

    init(level: Int) { compressor = libdeflate_alloc_compressor(Int32(min(max(level, 0), 12))) }

    deinit { if let compressor { libdeflate_free_compressor(compressor) } }

    func bound(_ count: Int) -> Int { compressor.map { libdeflate_gzip_compress_bound($0, count) } ?? 0 }

    func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        guard let compressor else { return 0 }
        return libdeflate_gzip_compress(compressor, input.baseAddress, input.count, output.baseAddress, output.count)
    }
}

/// A Zstandard frame with its length and check sum (RFC 8878, section 3: a file is any number of them).
final class ZstdFrame: ChunkCompressor {
    private let context: OpaquePointer?

    init(level: Int) {
        context = ZSTD_createCCtx()
        guard let context else { return }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(min(max(level, 1), Int(ZSTD_maxCLevel()))))
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    }

    deinit { ZSTD_freeCCtx(context) }

    func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

    func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        guard let context else { return 0 }
        let count = ZSTD_compress2(context, output.baseAddress, output.count, input.baseAddress, input.count)
        return ZSTD_isError(count) == 0 ? count : 0
    }
}
