// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension LayerWriter {
    /// Appends everything that a layer of manifold's own making has, with times clamped to this writer's epoch.
    ///
    /// - Parameter index: the layer's index, which knows the opaque directories.
    /// - Throws: what reading and writing throw.
    public func append(allOf reader: LayerReader, index: LayerIndex) throws {
        while let item = try reader.next() {
            // The mark of an opaque directory follows it, and was written with it.
            guard case .entry(var entry) = item else { continue }
            if entry.isDirectory, let kind = index.lookup(entry.path)?.kind { entry.kind = kind }
            try append(entry, content: entry.kind == .file ? .pieces(reader.readContent) : .none)
        }
    }
}
