// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import OCI
public import SystemPackage

/// Turns a layer blob into its index, and on request into a snapshot: a directory that overlayfs (mounted with
/// `userxattr`) can have as a lower one.
///
/// In a snapshot a whiteout is the character device 0/0 and an opaque directory carries `user.overlay.opaque`. Nothing
/// in the archive can reach outside the directory: no symbolic link is followed, `..` is refused. What a user namespace
/// cannot make, devices first of all, is left out of the snapshot, stays in the index and is named in the result.
public enum Unpacker {
    /// Reads a layer blob and unpacks it into an empty directory.
    ///
    /// When this throws, the directory holds a part of the layer and must be thrown away.
    /// - Parameters:
    ///   - descriptor: The blob, from its beginning; it stays open.
    ///   - expectation: What the bytes must be.
    ///   - directory: An empty directory; its owner, mode and time are set too.
    ///   - below: The layers beneath, which lend their metadata to directories that the archive leaves out.
    /// - Returns: The layer's index, and what the snapshot lacks.
    /// - Throws: ``LayersError`` and `CancellationError`.
    public static func unpack(
        _ descriptor: FileDescriptor, expecting expectation: LayerExpectation, into directory: FilePath,
        below: (any FileTree)? = nil
    ) throws -> UnpackedLayer {
        let reader = try LayerReader(from: descriptor, expecting: expectation)
        let writer = try SnapshotWriter(directory)
        let index = try read(reader, into: writer)
        try writer.finishDirectories(of: index, below: below)
        return UnpackedLayer(
            diffID: reader.diffID, uncompressedSize: reader.uncompressedSize, index: index,
            impliedDirectoryCount: writer.impliedDirectoryCount, skipped: writer.skipped)
    }

    /// Reads a layer blob, verifies it and makes its index, without unpacking.
    ///
    /// - Returns: The layer's index and sizes.
    /// - Throws: ``LayersError`` and `CancellationError`.
    public static func index(
        _ descriptor: FileDescriptor, expecting expectation: LayerExpectation
    ) throws -> UnpackedLayer {
        let reader = try LayerReader(from: descriptor, expecting: expectation)
        let index = try read(reader, into: nil)
        return UnpackedLayer(
            diffID: reader.diffID, uncompressedSize: reader.uncompressedSize, index: index, impliedDirectoryCount: 0,
            skipped: [])
    }

    private static func read(_ reader: LayerReader, into writer: SnapshotWriter?) throws -> LayerIndex {
        var index = IndexBuilder(duplicates: .lastWins)
        while let item = try reader.next() {
            switch item {
            case .opaque(let directory): try index.appendOpaqueMark(directory)
            case .entry(var entry):
                if entry.kind == .file {
                    var digester = Digester()
                    let file = try writer?.startFile(entry)
                    try reader.readPieces { piece in
                        switch piece {
                        case .data(let bytes): digester.update(bytes)
                        case .hole(let count): try LayerReader.forEachZeroBlock(count) { digester.update($0) }
                        }
                        try file?.append(piece)
                    }
                    try file?.finish()
                    entry.digest = digester.digest()
                } else {
                    try writer?.add(entry)
                }
                try index.append(entry)
            }
        }
        return try index.finish()
    }
}

/// What came of reading a layer.
public struct UnpackedLayer: Sendable {
    /// The digest of the tar bytes.
    public let diffID: Digest
    /// How many tar bytes there are.
    public let uncompressedSize: Int64
    /// The layer's entries.
    public let index: LayerIndex
    /// How many directories the archive left out and the snapshot has with the metadata of the layers below (or
    /// mode 0755, root); when it is not 0, the snapshot is that of this layer upon those.
    public let impliedDirectoryCount: Int
    /// What the snapshot lacks because the system refused to make it; the first hundred.
    public let skipped: [Skipped]

    /// Something that could not be made.
    public struct Skipped: Hashable, Sendable {
        /// Where.
        public let path: TreePath
        /// What: "device node", or the name of an extended attribute.
        public let what: String
    }
}
