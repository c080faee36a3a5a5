// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
package import SystemPackage

/// A tar file of an OCI layout.
package final class TarLayoutSink: LayoutSink {
    private let writer: LayerWriter
    private var directories: Set<TreePath> = []

    /// - Parameter file: where the bytes go; it stays open.
    package init(_ file: FileDescriptor) {
        writer = LayerWriter(to: file, compression: .none)
    }

    package func add(_ bytes: [UInt8], as name: String) throws {
        let path = try place(for: name)
        try writer.append(
            TreeEntry(path: path, kind: .file, mode: 0o644, size: Int64(bytes.count)), content: .bytes(bytes))
    }

    package func add(contentsOf source: FilePath, size: Int64, as name: String) throws {
        let path = try place(for: name)
        let input = try FileDescriptor.open(source, .readOnly, options: .closeOnExec)
        defer { try? input.close() }
        try writer.append(TreeEntry(path: path, kind: .file, mode: 0o644, size: size), content: .file(input))
    }

    /// Ends the archive.
    package func finish() throws { _ = try writer.finish() }

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
