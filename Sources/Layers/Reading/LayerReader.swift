// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import SystemPackage

/// What a layer's bytes must be; what is nil is not checked.
public struct LayerExpectation: Hashable, Sendable {
    /// The blob's digest.
    public var digest: Digest?
    /// The blob's size.
    public var size: Int64?
    /// The digest of the decompressed bytes.
    public var diffID: Digest?

    public init(digest: Digest? = nil, size: Int64? = nil, diffID: Digest? = nil) {
        self.digest = digest
        self.size = size
        self.diffID = diffID
    }

    /// The digest and size of a descriptor, and the diff ID of the image's config.
    public init(_ descriptor: Descriptor, diffID: Digest?) {
        self.init(digest: descriptor.digest, size: descriptor.size, diffID: diffID)
    }

    /// Nothing is checked: for archives that are nobody's layer.
    public static let none = LayerExpectation()

    /// Holds a blob that was read to its end against what it must be.
    func verify(_ blob: BlobReader) throws {
        if let expected = size, expected != blob.size {
            throw LayersError.blobSizeMismatch(expected: expected, actual: blob.size)
        }
        if let expected = digest, expected != blob.digest {
            throw LayersError.blobDigestMismatch(expected: expected, actual: blob.digest)
        }
        if let expected = diffID, expected != blob.diffID {
            throw LayersError.diffIDMismatch(expected: expected, actual: blob.diffID)
        }
    }
}

/// Reads a layer's entries from its blob, compressed or not, and verifies every byte on the way.
///
/// Names are made relative and normal; whiteout markers come out as what they mean. The digests are known only at the
/// end: what was read before ``next()`` returned nil must not be trusted if it then throws. A reader belongs to one
/// task at a time.
public final class LayerReader {
    /// What an archive says next.
    public enum Item: Hashable, Sendable {
        /// Something that the layer has; a whiteout included.
        case entry(TreeEntry)
        /// The directory hides what lower layers have in it.
        case opaque(directory: TreePath)
    }

    private let blob: BlobReader
    private let tar: TarReader
    private let expectation: LayerExpectation
    private let form: Form
    private var last: TreePath?
    private var isFinished = false

    /// What an archive's names mean.
    public enum Form: Sendable {
        /// Some tell what is gone of lower layers.
        case layer
        /// Each is the name of a file, whatever it is called.
        case archive
    }

    /// Starts reading at the descriptor's current position, which must be the blob's beginning; it stays open.
    ///
    /// - Parameter head: what was read of the descriptor already, for one that cannot be read twice.
    /// - Throws: ``LayersError/decompressionFailed(compression:reason:)`` when the first bytes are damaged.
    public init(
        from descriptor: FileDescriptor, expecting expectation: LayerExpectation, as form: Form = .layer,
        head: [UInt8] = []
    ) throws {
        blob = try BlobReader(descriptor: descriptor.rawValue, head: head)
        tar = TarReader(ByteFeed(blob))
        self.expectation = expectation
        self.form = form
    }

    /// The digest of the decompressed bytes; that of the whole once ``next()`` returned nil.
    public var diffID: Digest { blob.diffID }
    /// How many decompressed bytes were read.
    public var uncompressedSize: Int64 { blob.uncompressedSize }
    /// The digest of the blob's bytes; that of the whole once ``next()`` returned nil.
    public var digest: Digest { blob.digest }
    /// How many bytes of the blob were read.
    public var size: Int64 { blob.size }

    /// Whether the bytes begin with the header of an entry; nothing can be read afterwards.
    func hasFirstHeader() throws -> Bool {
        do { return try tar.next() != nil } catch LayersError.malformedArchive { return false }
    }

    /// The next entry; nil at the end, when everything was verified.
    ///
    /// - Throws: ``LayersError`` for damaged or hostile bytes, or bytes other than expected; `CancellationError`.
    public func next() throws -> Item? {
        do {
            while let raw = try tar.next() {
                if let item = try item(raw) { return item }
            }
        } catch let error as LayersError {
            throw explained(error)
        }
        if !isFinished {
            isFinished = true
            try tar.drain()
            try expectation.verify(blob)
        }
        return nil
    }

    /// Hands the bytes of the file that ``next()`` returned last to `body`, holes as zeros.
    public func readContent(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        try readPieces { piece in
            switch piece {
            case .data(let bytes): try body(bytes)
            case .hole(let count):
                try Self.forEachZeroBlock(count) { try body($0) }
            }
        }
    }

    /// Like ``readContent(_:)``, but holes as such.
    func readPieces(_ body: (TarReader.Piece) throws -> Void) throws {
        do {
            try tar.readContent(body)
        } catch let error as LayersError {
            throw explained(error)
        }
    }

    static func forEachZeroBlock(_ count: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let zeros = [UInt8](repeating: 0, count: Int(min(count, 1 << 20)))
        try zeros.withUnsafeBytes { zeros in
            var rest = count
            while rest > 0 {
                try Task.checkCancellation()
                let block = UnsafeRawBufferPointer(rebasing: zeros.prefix(Int(min(rest, Int64(zeros.count)))))
                try body(block)
                rest -= Int64(block.count)
            }
        }
    }

    /// An error about the archive's form says where it happened.
    private func explained(_ error: LayersError) -> LayersError {
        if case .malformedArchive(let reason, nil) = error { return .malformedArchive(reason: reason, entry: last) }
        return error
    }

    private func path(_ bytes: [UInt8]) throws -> TreePath {
        form == .layer ? try TreePath(bytes: bytes) : try TreePath(cleaning: bytes)
    }

    private func item(_ raw: TarReader.Entry) throws -> Item? {
        let path = try path(raw.path)
        last = path
        switch form == .layer ? try Whiteout.meaning(of: path) : .ordinary {
        case .ignored: return nil
        case .whiteout(let removed): return .entry(TreeEntry(path: removed, kind: .whiteout))
        case .opaque(let directory): return .opaque(directory: directory)
        case .ordinary: break
        }
        var entry = TreeEntry(
            path: path, kind: .file, mode: raw.mode, uid: raw.uid, gid: raw.gid,
            modificationTime: raw.modificationTime, xattrs: raw.xattrs.filter { !isOverlayAttribute($0.key) })
        switch raw.type {
        case UInt8(ascii: "0"): entry.size = raw.size
        case UInt8(ascii: "1"): entry.kind = .hardLink(target: try self.path(raw.link))
        case UInt8(ascii: "2"):
            guard !raw.link.isEmpty, raw.link.count <= TreePath.maximumLength, !raw.link.contains(0) else {
                throw LayersError.malformedArchive(reason: "a symbolic link has no sound target", entry: path)
            }
            entry.kind = .symlink(target: raw.link)
        case UInt8(ascii: "3"):
            // To overlayfs this device is a whiteout, and so it is to us.
            if form == .layer, raw.deviceMajor == 0, raw.deviceMinor == 0 {
                return .entry(TreeEntry(path: path, kind: .whiteout))
            }
            entry.kind = .characterDevice(major: raw.deviceMajor, minor: raw.deviceMinor)
        case UInt8(ascii: "4"): entry.kind = .blockDevice(major: raw.deviceMajor, minor: raw.deviceMinor)
        case UInt8(ascii: "5"): entry.kind = .directory(opaque: false)
        case UInt8(ascii: "6"): entry.kind = .fifo
        case let type:
            throw LayersError.malformedArchive(
                reason: "entries of type \"\(printable([type]))\" are not known", entry: path)
        }
        if path.isRoot, !entry.isDirectory {
            throw LayersError.malformedArchive(reason: "the root is not a directory", entry: path)
        }
        return .entry(entry)
    }
}
