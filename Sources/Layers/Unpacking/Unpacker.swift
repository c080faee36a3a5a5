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
    ///   - observer: Sees all files.
    /// - Returns: The layer's index, and what the snapshot lacks.
    /// - Throws: ``LayersError`` and `CancellationError`.
    public static func unpack(
        _ descriptor: FileDescriptor, expecting expectation: LayerExpectation, into directory: FilePath,
        below: (any FileTree)? = nil, observer: (any FileObserver)? = nil
    ) throws -> UnpackedLayer {
        let reader = try LayerReader(from: descriptor, expecting: expectation)
        let writer = try SnapshotWriter(directory)
        let index = try read(reader, into: writer, observer) { $0 }
        try writer.finishDirectories(of: index, below: below)
        return UnpackedLayer(
            diffID: reader.diffID, uncompressedSize: reader.uncompressedSize, index: index,
            impliedDirectoryCount: writer.impliedDirectoryCount, skipped: writer.skipped)
    }

    /// Reads a layer blob, verifies it and makes its index, without unpacking.
    ///
    /// - Parameter observer: Sees all files.
    /// - Returns: The layer's index and sizes.
    /// - Throws: ``LayersError`` and `CancellationError`.
    public static func index(
        _ descriptor: FileDescriptor, expecting expectation: LayerExpectation, observer: (any FileObserver)? = nil
    ) throws -> UnpackedLayer {
        let reader = try LayerReader(from: descriptor, expecting: expectation)
        let index = try read(reader, into: nil, observer) { $0 }
        return UnpackedLayer(
            diffID: reader.diffID, uncompressedSize: reader.uncompressedSize, index: index, impliedDirectoryCount: 0,
            skipped: [])
    }

    /// Unpacks an archive that is no layer, compressed or not, into an empty directory: a file is what its name says, and
    /// all belongs to root.
    ///
    /// When this throws, the directory holds a part of the archive and must be thrown away.
    /// - Parameter head: what was read of the descriptor already, for one that cannot be read twice.
    /// - Throws: ``LayersError`` and `CancellationError`.
    public static func unpack(
        archive descriptor: FileDescriptor, head: [UInt8] = [], into directory: FilePath
    ) throws {
        let reader = try LayerReader(from: descriptor, expecting: .none, as: .archive, head: head)
        let writer = try SnapshotWriter(directory)
        let index = try read(reader, into: writer, nil) { entry in
            var entry = entry
            (entry.uid, entry.gid, entry.xattrs) = (0, 0, [:])
            return entry
        }
        try writer.finishDirectories(of: index, below: nil)
    }

    /// Whether a file's first bytes, 512 of them when there are so many, are those of an archive: of a tar's first header
    /// or of something compressed.
    public static func isArchive(_ head: [UInt8]) -> Bool {
        if BlobReader.isCompressed(head) { return true }
        guard head.count >= TarBlock.size else { return false }
        let block = TarBlock(Array(head.prefix(TarBlock.size)))
        return block.isZero || block.isIntact
    }

    private static func read(
        _ reader: LayerReader, into writer: SnapshotWriter?, _ observer: (any FileObserver)?,
        _ adapt: (TreeEntry) -> TreeEntry
    ) throws -> LayerIndex {
        var index = IndexBuilder(duplicates: .lastWins)
        try forEachItem(of: reader, into: writer, observer, adapt) { item in
            switch item {
            case .opaque(let directory): try index.appendOpaqueMark(directory)
            case .entry(let entry): try index.append(entry)
            }
        }
        return try index.finish()
    }

    /// Reads an archive through, with the digests of its files.
    static func forEachItem(
        of reader: LayerReader, into writer: SnapshotWriter?, _ observer: (any FileObserver)? = nil,
        _ adapt: (TreeEntry) -> TreeEntry = { $0 }, _ body: (LayerReader.Item) throws -> Void
    ) throws {
        while let item = try reader.next() {
            guard case .entry(let read) = item else {
                try body(item)
                continue
            }
            var entry = adapt(read)
            if entry.kind == .file {
                var digester = Digester()
                let file = try writer?.startFile(entry)
                observer?.begin(entry)
                func pass(_ bytes: UnsafeRawBufferPointer) {
                    digester.update(bytes)
                    observer?.take(bytes)
                }
                try reader.readPieces { piece in
                    switch piece {
                    case .data(let bytes): pass(bytes)
                    case .hole(let count): try LayerReader.forEachZeroBlock(count, pass)
                    }
                    try file?.append(piece)
                }
                try file?.finish()
                entry.digest = digester.digest()
                observer?.end(entry)
            } else {
                try writer?.add(entry)
            }
            try body(.entry(entry))
        }
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
