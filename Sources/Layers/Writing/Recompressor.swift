// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import SystemPackage

/// Puts a layer's tar bytes into another compression; the bytes themselves, and so the diff ID, stay.
public enum Recompressor {
    /// Reads a layer blob through, verifies it, and writes it anew.
    ///
    /// - Parameters:
    ///   - source: the blob, from its beginning; it stays open.
    ///   - expectation: what the bytes must be.
    ///   - target: where the new blob goes, from the descriptor's current position; it stays open.
    /// - Returns: the new blob's descriptor.
    /// - Throws: ``LayersError``, `CancellationError`; what was written is then of no use.
    public static func recompress(
        _ source: FileDescriptor, expecting expectation: LayerExpectation, to target: FileDescriptor,
        as compression: LayerCompression
    ) throws -> Descriptor {
        let reader = try BlobReader(descriptor: source.rawValue)
        let sink = BlobSink(descriptor: target.rawValue, compression: compression)
        while let bytes = try reader.next() { try sink.write(bytes) }
        try reader.drain()
        try expectation.verify(reader)
        try sink.finish()
        let result = sink.result
        return Descriptor(mediaType: compression.mediaType, digest: result.digest, size: result.size)
    }
}
