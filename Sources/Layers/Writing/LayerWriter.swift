// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import SystemPackage

/// Writes one layer in one pass: tar bytes, their digest, compression, the blob's digest, and the layer's index.
///
/// The tar bytes are a function of the entries and their order: no time of day, no user names, whole seconds. Entries
/// may come in any order, but a hard link after its target, and no path twice. A writer belongs to one task at a time.
public final class LayerWriter {
    /// What a regular file's bytes are read from.
    public enum Content {
        /// Nothing: the entry is no file, or an empty one.
        case none
        /// An open file, read from its current position.
        case file(FileDescriptor)
        /// Bytes at hand.
        case bytes([UInt8])
        /// Something that puts the next bytes into the buffer and returns how many; 0 at the end.
        case reader((UnsafeMutableRawBufferPointer) throws -> Int)
        /// Something that hands all bytes to the function that it is given, piece by piece.
        case pieces((_ take: (UnsafeRawBufferPointer) throws -> Void) throws -> Void)
    }

    private let sink: BlobSink
    private let compression: LayerCompression
    private let epoch: Int64?
    private let observer: (any FileObserver)?
    private var index = IndexBuilder(duplicates: .refused)

    /// Starts a layer.
    ///
    /// - Parameters:
    ///   - descriptor: Where the blob goes, from the descriptor's current position; it stays open.
    ///   - compression: How the blob is stored.
    ///   - epoch: No entry gets a later modification time than this (SOURCE_DATE_EPOCH).
    ///   - observer: Sees all files.
    public init(
        to descriptor: FileDescriptor, compression: LayerCompression = .standard, epoch: Int64? = nil,
        observer: (any FileObserver)? = nil
    ) {
        sink = BlobSink(descriptor: descriptor.rawValue, compression: compression)
        self.compression = compression
        self.epoch = epoch
        self.observer = observer
    }

    /// Adds an entry; a file's content must be exactly `entry.size` bytes.
    ///
    /// An entry for the root is left out of the archive. Attributes of overlayfs are left out.
    /// - Returns: The entry as the layer has it: time clamped, digest known.
    /// - Throws: ``LayersError/fileChanged(_:expectedSize:)`` when the content has more or fewer bytes,
    ///   ``LayersError/unrepresentable(_:reason:)`` for what tar cannot say, what reading throws, `CancellationError`.
    @discardableResult
    public func append(_ entry: TreeEntry, content: Content = .none) throws -> TreeEntry {
        try Task.checkCancellation()
        var entry = entry
        entry.modificationTime = entry.modificationTime.clamped(to: epoch)
        entry.xattrs = entry.xattrs.filter { !isOverlayAttribute($0.key) }
        entry.digest = nil
        if entry.path.isRoot { return entry }
        if entry.path.name.starts(with: Whiteout.prefix) {
            throw LayersError.unrepresentable(entry.path, reason: "names that begin with .wh. mean whiteouts")
        }
        switch entry.kind {
        case .whiteout:
            entry = TreeEntry(path: entry.path, kind: .whiteout)
            try write(TarHeader.marker(Whiteout.marker(for: entry.path)))
        case .file:
            try write(TarHeader.bytes(for: entry))
            observer?.begin(entry)
            entry.digest = try copy(content, of: entry)
            observer?.end(entry)
        case .directory(let opaque):
            entry.size = 0
            try write(TarHeader.bytes(for: entry))
            if opaque { try write(TarHeader.marker(entry.path.appending(name: Whiteout.opaqueName))) }
        default:
            entry.size = 0
            try write(TarHeader.bytes(for: entry))
        }
        try index.append(entry)
        return entry
    }

    /// Ends the archive and says what was written.
    ///
    /// - Throws: ``LayersError/duplicateEntry(_:)``, ``LayersError/hardLinkTargetMissing(link:target:)``,
    ///   ``LayersError/beneathNonDirectory(_:)`` for entries that contradict each other; what writing throws.
    public func finish() throws -> WrittenLayer {
        try write([UInt8](repeating: 0, count: 2 * TarHeader.blockSize))
        try sink.finish()
        let result = sink.result
        return WrittenLayer(
            diffID: result.diffID, uncompressedSize: result.uncompressedSize, digest: result.digest,
            size: result.size, mediaType: compression.mediaType, index: try index.finish())
    }

    private func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try sink.write($0) }
    }

    private func copy(_ content: Content, of entry: TreeEntry) throws -> Digest {
        var digester = Digester()
        let read: (UnsafeMutableRawBufferPointer) throws -> Int
        var handed = 0
        switch content {
        case .none: read = { _ in 0 }
        case .file(let descriptor):
            read = { try System.read(descriptor.rawValue, into: $0, path: entry.path.description) }
        case .bytes(let bytes):
            read = { room in
                let count = min(room.count, bytes.count - handed)
                room.copyBytes(from: bytes[handed..<(handed + count)])
                handed += count
                return count
            }
        case .reader(let reader): read = reader
        case .pieces(let hand): return try copy(hand, of: entry)
        }
        var rest = entry.size
        while rest > 0 {
            let count = try sink.fill(atMost: Int(min(rest, Int64(ChunkSlot.capacity)))) { room in
                let count = try read(room)
                let bytes = UnsafeRawBufferPointer(rebasing: room[..<min(count, room.count)])
                digester.update(bytes)
                observer?.take(bytes)
                return count
            }
            if count <= 0 { throw LayersError.fileChanged(entry.path, expectedSize: entry.size) }
            rest -= Int64(count)
        }
        var probe: UInt8 = 0
        let excess = try withUnsafeMutableBytes(of: &probe) { try read($0) }
        if excess > 0 { throw LayersError.fileChanged(entry.path, expectedSize: entry.size) }
        try write([UInt8](repeating: 0, count: TarHeader.padding(entry.size)))
        return digester.digest()
    }

    private func copy(
        _ hand: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void, of entry: TreeEntry
    ) throws -> Digest {
        var digester = Digester()
        try hand { bytes in
            guard digester.count + Int64(bytes.count) <= entry.size else {
                throw LayersError.fileChanged(entry.path, expectedSize: entry.size)
            }
            try sink.write(bytes)
            digester.update(bytes)
            observer?.take(bytes)
        }
        guard digester.count == entry.size else {
            throw LayersError.fileChanged(entry.path, expectedSize: entry.size)
        }
        try write([UInt8](repeating: 0, count: TarHeader.padding(entry.size)))
        return digester.digest()
    }
}

/// What a ``LayerWriter`` wrote.
public struct WrittenLayer: Sendable {
    /// The digest of the tar bytes.
    public let diffID: Digest
    /// How many tar bytes there are.
    public let uncompressedSize: Int64
    /// The digest of the blob.
    public let digest: Digest
    /// How many bytes the blob has.
    public let size: Int64
    /// What the blob is.
    public let mediaType: MediaType
    /// The layer's entries.
    public let index: LayerIndex

    /// The blob's descriptor.
    public var descriptor: Descriptor { Descriptor(mediaType: mediaType, digest: digest, size: size) }
}
