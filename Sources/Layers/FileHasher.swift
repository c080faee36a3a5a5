// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import OCI
public import SystemPackage

/// Computes the SHA-256 of an open file without holding it in memory.
public enum FileHasher {
    /// Reads from the descriptor's current position to the end.
    ///
    /// - Throws: ``LayersError/system(operation:path:errno:)`` when reading fails, and `CancellationError`.
    public static func hash(_ descriptor: FileDescriptor) throws -> (digest: Digest, size: Int64) {
        var digester = Digester()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            try Task.checkCancellation()
            let count = try System.read(descriptor.rawValue, into: buffer, path: "file")
            if count == 0 { return (digester.digest(), digester.count) }
            digester.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
