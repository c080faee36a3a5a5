// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Store
package import SystemPackage

/// Where the files of an OCI layout are put.
package protocol LayoutSink {
    func add(_ bytes: [UInt8], as name: String) throws
    func add(contentsOf file: FilePath, size: Int64, as name: String) throws
}

/// A directory on disk.
package struct DirectoryLayoutSink: LayoutSink {
    package let root: FilePath

    package init(root: FilePath) { self.root = root }

    package func add(_ bytes: [UInt8], as name: String) throws {
        let path = try place(for: name)
        try Files.write(bytes, to: path, mode: 0o644)
    }

    package func add(contentsOf file: FilePath, size: Int64, as name: String) throws {
        let path = try place(for: name)
        if Files.size(path) == size { return }
        try Files.copy(file, to: path, mode: 0o644)
    }

    private func place(for name: String) throws -> FilePath {
        let path = root.pushing(FilePath(name))
        try Files.makeDirectories(path.removingLastComponent(), mode: 0o755)
        return path
    }
}
