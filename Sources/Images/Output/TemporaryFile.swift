// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Store
package import SystemPackage

/// A file in the making, beside the place that it is to have; it goes with this object unless it was put there.
///
/// Where the file system can, it has no name until then, so that a process that is killed leaves nothing.
package final class TemporaryFile: Sendable {
    /// What a file has to outlive once it is in its place.
    package enum Durability {
        case process
        /// A machine that loses its power.
        case machine
    }

    /// Open for reading and writing.
    package let file: FileDescriptor
    /// The name that the file has, or will have for a moment.
    package let path: FilePath
    private let isNameless: Bool

    /// - Throws: ``StoreError``.
    package init(beside destination: FilePath) throws {
        path = FilePath("\(destination.string).\(getpid()).\(UInt64.random(in: 0 ... .max))")
        let folder = destination.removingLastComponent()
        try Files.makeDirectories(folder, mode: 0o755)
        var descriptor = open(
            folder.isEmpty ? "." : folder.string, O_RDWR | Self.temporaryFile | O_CLOEXEC, 0o644)
        isNameless = descriptor >= 0
        if !isNameless { descriptor = open(path.string, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) }
        guard descriptor >= 0 else { throw Self.failure("create", path) }
        file = FileDescriptor(rawValue: descriptor)
    }

    deinit {
        try? file.close()
        // Gone already when it was renamed.
        unlink(path.string)
    }

    /// O_TMPFILE of open(2), which Swift's Glibc module leaves out.
    private static let temporaryFile = 0o20_000_000 | O_DIRECTORY

    /// Adds bytes.
    ///
    /// - Throws: ``StoreError``.
    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        do { try file.writeAll(bytes) } catch let errno as Errno {
            throw StoreError.file(operation: "write", path: path, errno: errno)
        }
    }

    /// Adds the rest of a file.
    ///
    /// - Throws: ``StoreError``, `Errno` when the file cannot be read; `CancellationError`.
    package func write(contentsOf source: FileDescriptor) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            try Task.checkCancellation()
            let count = try source.read(into: buffer)
            if count == 0 { return }
            try write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// Takes the place of what has a name now.
    ///
    /// - Throws: ``StoreError``.
    package func move(to destination: FilePath, surviving durability: Durability) throws {
        if durability == .machine, fsync(file.rawValue) != 0 { throw Self.failure("write", path) }
        // A file without a name gets one of its own first: a link cannot take another file's place.
        if isNameless {
            let own = "/proc/self/fd/\(file.rawValue)"
            guard linkat(AT_FDCWD, own, AT_FDCWD, path.string, AT_SYMLINK_FOLLOW) == 0 else {
                throw Self.failure("create", path)
            }
        }
        try Files.rename(path, to: destination)
    }

    private static func failure(_ operation: String, _ path: FilePath) -> StoreError {
        .file(operation: operation, path: path, errno: Errno(rawValue: errno))
    }
}
