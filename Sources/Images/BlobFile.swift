// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Store
import SystemPackage

/// Reading blobs that lie in files.
enum BlobFile {
    /// Hands out a file's bytes, which must be those of a blob.
    ///
    /// - Throws: ``StoreError/digestMismatch(expected:actual:)``, ``StoreError/file(operation:path:errno:)``.
    static func read(
        _ path: FilePath, _ blob: Descriptor, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            defer { try? file.close() }
            try read(file, blob, into: sink)
        } catch let errno as Errno {
            throw StoreError.file(operation: "read", path: path, errno: errno)
        }
    }

    /// Hands out the bytes of an open file, which must be those of a blob.
    static func read(
        _ file: FileDescriptor, _ blob: Descriptor, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        var digester = Digester()
        while true {
            try Task.checkCancellation()
            let count = try file.read(into: buffer)
            if count == 0 { break }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            digester.update(bytes)
            // A file that grows while it is read has no end.
            guard digester.count <= blob.size else { break }
            try sink(bytes)
        }
        guard digester.digest() == blob.digest else {
            throw StoreError.digestMismatch(expected: blob.digest, actual: digester.digest())
        }
    }
}
