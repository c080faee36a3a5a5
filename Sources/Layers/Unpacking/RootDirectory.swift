// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import SystemPackage

/// A directory on the host that stands for a root, such as a snapshot: files in it are reached without following any
/// symbolic link and without leaving it. Belongs to one task at a time.
public final class RootDirectory {
    private let walker: DirectoryWalker

    /// Opens the directory.
    ///
    /// - Throws: ``LayersError/system(operation:path:errno:)`` when it is missing or not a directory.
    public init(_ path: FilePath) throws {
        walker = try DirectoryWalker(path)
    }

    /// Opens a file for reading; the caller closes it.
    ///
    /// - Throws: ``LayersError/system(operation:path:errno:)`` when it is missing, or is a symbolic link (`ELOOP`);
    ///   ``LayersError/beneathNonDirectory(_:)`` when a part on the way is no directory.
    public func open(_ path: TreePath) throws -> FileDescriptor {
        FileDescriptor(rawValue: try walker.openForReading(path))
    }
}
