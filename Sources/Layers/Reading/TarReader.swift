// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Reads a tar archive entry by entry: version 7, ustar, pax, and GNU with long names and sparse files.
///
/// Names and links come out as the archive's raw bytes. Anything that is not well formed is an error.
final class TarReader {
    /// An entry as the archive has it.
    struct Entry {
        var type: UInt8
        var path: [UInt8]
        var link: [UInt8]
        var mode: UInt16
        var uid: UInt32
        var gid: UInt32
        /// The file's length once its holes are there.
        var size: Int64
        var modificationTime: FileTime
        var deviceMajor: UInt32
        var deviceMinor: UInt32
        var xattrs: [String: [UInt8]]
    }

    /// A piece of a file's content.
    enum Piece {
        case data(UnsafeRawBufferPointer)
        /// So many zero bytes.
        case hole(Int64)
    }

    /// The most bytes of names and records that one entry may have before it.
    private static let maximumExtension: Int64 = 1 << 20
    /// The most zeros that a sparse file may claim to have: reading must end.
    static let maximumHoles: Int64 = 16 << 30

    let feed: ByteFeed
    private var global = PAXRecords()
    /// Data of the present entry that is still unread, and the zeros after it.
    private var unread: Int64 = 0
    private var padding = 0
    private var map: [SparseMap.Piece]?
    private var size: Int64 = 0
    private var isAtEnd = false

    init(_ feed: ByteFeed) { self.feed = feed }

    /// The next entry, skipping what is unread of the last one; nil at the end of the archive.
    func next() throws -> Entry? {
        if isAtEnd { return nil }
        try skipContent()
        var pax = global
        var (isExtended, longName, longLink): (Bool, [UInt8]?, [UInt8]?) = (false, nil, nil)
        while let block = try nextBlock() {
            let stored = try block.number(124, 12)
            if stored < 0 { throw malformed("a size is negative") }
            switch block.type {
            case UInt8(ascii: "x"), UInt8(ascii: "X"):
                try pax.read(extensionBody(stored))
                isExtended = true
            case UInt8(ascii: "g"):
                try global.read(extensionBody(stored))
                if !isExtended { pax = global }
            case UInt8(ascii: "L"): longName = try Array(extensionBody(stored).prefix { $0 != 0 })
            case UInt8(ascii: "K"): longLink = try Array(extensionBody(stored).prefix { $0 != 0 })
            case UInt8(ascii: "V"): _ = try extensionBody(stored)
            default: return try entry(block, pax, longName: longName, longLink: longLink, stored: stored)
            }
        }
        isAtEnd = true
        return nil
    }

    /// Calls `body` with the pieces of the present entry's content, in order.
    func readContent(_ body: (Piece) throws -> Void) throws {
        var position: Int64 = 0
        for piece in map ?? [SparseMap.Piece(offset: 0, length: unread)] {
            if piece.offset > position { try body(.hole(piece.offset - position)) }
            position = piece.offset
            var rest = piece.length
            while rest > 0 {
                let data = try take(rest)
                rest -= Int64(data.count)
                try body(.data(data))
            }
            position += piece.length
        }
        if map != nil, size > position { try body(.hole(size - position)) }
        map = nil
        try skipContent()
    }

    /// Reads to the end of the blob.
    func drain() throws { try feed.drain() }

    private func nextBlock() throws -> TarBlock? {
        try Task.checkCancellation()
        let bytes = try feed.bytes(TarBlock.size)
        if bytes.isEmpty { return nil }
        guard bytes.count == TarBlock.size else { throw malformed("it ends inside a header") }
        let block = TarBlock(bytes)
        if block.isZero { return nil }
        guard block.isIntact else { throw malformed("a header's checksum is wrong") }
        return block
    }

    private func entry(
        _ block: TarBlock, _ pax: PAXRecords, longName: [UInt8]?, longLink: [UInt8]?, stored: Int64
    ) throws -> Entry {
        let path = pax.sparse.name ?? pax.path ?? longName ?? block.name
        var type = block.type == 0 || block.type == UInt8(ascii: "7") ? UInt8(ascii: "0") : block.type
        if type == UInt8(ascii: "0"), path.last == slash { type = UInt8(ascii: "5") }
        if type == UInt8(ascii: "D") { type = UInt8(ascii: "5") }
        // Links, devices and directories have no content, whatever their size field says; but old tars wrote the
        // linked file's size. A directory's size is a hint for the allocation that only GNU's 'D' fills with data.
        let holdsContent = [UInt8(ascii: "0"), UInt8(ascii: "S")].contains(type) || block.type == UInt8(ascii: "D")
        unread = holdsContent ? pax.size ?? stored : 0
        padding = TarHeader.padding(unread)
        size = unread
        map = nil
        if type == UInt8(ascii: "S") {
            let sparse = try SparseMap.old(block, feed: feed)
            type = UInt8(ascii: "0")
            (map, size) = (sparse.pieces, sparse.size)
        } else if type == UInt8(ascii: "0"), pax.sparse.major == 1 {
            let (sparse, consumed) = try SparseMap.version1(pax.sparse, feed: feed, stored: unread)
            unread -= consumed
            (map, size) = (sparse.pieces, sparse.size)
        } else if type == UInt8(ascii: "0"), pax.sparse.hasMap {
            let sparse = try SparseMap(pairs: pax.sparse.pairs, size: pax.sparse.size)
            (map, size) = (sparse.pieces, sparse.size)
        }
        if let map, map.reduce(0, { $0 + $1.length }) != unread {
            throw malformed("a sparse map does not fit its data")
        }
        if size - unread > Self.maximumHoles { throw malformed("a sparse file is larger than any that is read") }
        let isDevice = type == UInt8(ascii: "3") || type == UInt8(ascii: "4")
        return Entry(
            type: type, path: path, link: pax.linkPath ?? longLink ?? block.link,
            mode: UInt16(truncatingIfNeeded: try block.number(100, 8)) & 0o7777,
            uid: try identifier(pax.uid ?? block.number(108, 8)), gid: try identifier(pax.gid ?? block.number(116, 8)),
            size: size,
            modificationTime: try pax.modificationTime ?? FileTime(seconds: block.number(136, 12)),
            deviceMajor: isDevice ? try identifier(pax.deviceMajor ?? block.number(329, 8)) : 0,
            deviceMinor: isDevice ? try identifier(pax.deviceMinor ?? block.number(337, 8)) : 0,
            xattrs: pax.xattrs)
    }

    private func identifier(_ number: Int64) throws -> UInt32 {
        // 2^32 - 1 means "leave as it is" to chown(2).
        guard let identifier = UInt32(exactly: number), identifier != .max else {
            throw malformed("an owner or device number is out of range")
        }
        return identifier
    }

    private func extensionBody(_ size: Int64) throws -> [UInt8] {
        guard size <= Self.maximumExtension else { throw malformed("an extended header is larger than 1 MiB") }
        let padded = Int(size) + TarHeader.padding(size)
        let body = try feed.bytes(padded)
        guard body.count == padded else { throw malformed("it ends inside an extended header") }
        return Array(body.prefix(Int(size)))
    }

    private func take(_ limit: Int64) throws -> UnsafeRawBufferPointer {
        guard let data = try feed.take(atMost: Int(min(limit, 1 << 20))) else {
            throw malformed("it ends inside a file")
        }
        unread -= Int64(data.count)
        return data
    }

    private func skipContent() throws {
        while unread > 0 { _ = try take(unread) }
        if padding > 0 {
            guard try feed.bytes(padding).count == padding else { throw malformed("it ends inside a file's padding") }
        }
        padding = 0
    }

    private func malformed(_ reason: String) -> LayersError { .malformedArchive(reason: reason, entry: nil) }
}

extension TarBlock {
    static let size = 512
}
