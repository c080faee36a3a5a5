// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import OCI
public import SystemPackage

/// A blob that is being received; it enters the store only when its bytes are what was promised.
public final class BlobIngest {
    private let store: Store
    private let path: FilePath
    private var descriptor: Int32
    private var digester = Digester()

    /// How many bytes came so far.
    public var count: Int64 { digester.count }

    init(store: Store) throws {
        self.store = store
        let (path, file) = try store.scratch.newFile("blob")
        self.path = path
        self.descriptor = file.rawValue
    }

    deinit {
        if descriptor >= 0 {
            close(descriptor)
            unlink(path.string)
        }
    }

    /// Adds bytes.
    ///
    /// - Throws: ``StoreError``.
    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        digester.update(bytes)
        var written = 0
        while written < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            if count < 0 {
                if errno == EINTR { continue }
                throw Files.failure("write", path)
            }
            written += count
        }
    }

    /// Adds the rest of a file.
    ///
    /// - Parameter progress: is told how many bytes came so far.
    /// - Throws: ``StoreError``, `Errno` when the file cannot be read; `CancellationError`.
    public func write(contentsOf file: FileDescriptor, progress: (Int64) -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            try Task.checkCancellation()
            let read = try file.read(into: buffer)
            if read == 0 { return }
            try write(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
            progress(count)
        }
    }

    /// Puts the blob into the store.
    ///
    /// - Throws: ``StoreError/digestMismatch(expected:actual:)`` when the bytes are others than `expected`.
    public func commit(expected: Digest) throws {
        let actual = digester.digest()
        guard actual == expected else { throw StoreError.digestMismatch(expected: expected, actual: actual) }
        close(descriptor)
        descriptor = -1
        do { try store.adoptBlob(expected, from: path) } catch {
            unlink(path.string)
            throw error
        }
    }
}

extension Store {
    /// Starts to receive a blob.
    ///
    /// - Throws: ``StoreError``.
    public func ingest() throws -> BlobIngest { try BlobIngest(store: self) }
}
