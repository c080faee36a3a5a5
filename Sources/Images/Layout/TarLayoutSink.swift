// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
package import OCI
package import SystemPackage

/// A tar file of an OCI layout.
package final class TarLayoutSink: LayoutSink {
    private let writer: LayerWriter
    private var directories: Set<TreePath> = []
    private var isBegun = false

    /// - Parameter file: where the bytes go; it stays open.
    package init(_ file: FileDescriptor) {
        writer = LayerWriter(to: file, compression: .none)
    }

    package func put(_ bytes: [UInt8], as digest: Digest) throws {
        try begin()
        try add(bytes, as: LayoutFiles.path(of: digest))
    }

    package func put(contentsOf source: FilePath, as blob: Descriptor) throws {
        try begin()
        let path = try place(for: LayoutFiles.path(of: blob.digest))
        let input = try FileDescriptor.open(source, .readOnly, options: .closeOnExec)
        defer { try? input.close() }
        try writer.append(TreeEntry(path: path, kind: .file, mode: 0o644, size: blob.size), content: .file(input))
    }

    /// Lists the archive's images and ends it.
    ///
    /// - Parameter dockerManifest: the bytes of Docker's own list, for an archive of Docker's.
    package func finish(_ index: LayoutIndex, dockerManifest: [UInt8]? = nil) throws {
        try begin()
        try add(index.bytes(), as: LayoutFiles.indexName)
        if let dockerManifest { try add(dockerManifest, as: LayoutFiles.dockerManifestName) }
        _ = try writer.finish()
    }

    private func begin() throws {
        if isBegun { return }
        isBegun = true
        try add(LayoutFiles.version, as: LayoutFiles.versionName)
    }

    private func add(_ bytes: [UInt8], as name: String) throws {
        try writer.append(
            TreeEntry(path: place(for: name), kind: .file, mode: 0o644, size: Int64(bytes.count)),
            content: .bytes(bytes))
    }

    private func place(for name: String) throws -> TreePath {
        let path = try TreePath(name)
        var missing: [TreePath] = []
        var parent = path.parent
        while let directory = parent, !directory.isRoot, directories.insert(directory).inserted {
            missing.append(directory)
            parent = directory.parent
        }
        for directory in missing.reversed() { try writer.append(.impliedDirectory(directory)) }
        return path
    }
}
