// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Where the data of a sparse file lies (GNU tar manual, "Sparse Formats").
struct SparseMap {
    struct Piece {
        var offset: Int64
        var length: Int64
    }

    private static let maximumPieces = 1 << 20

    let pieces: [Piece]
    let size: Int64

    /// Checks that the pieces are in order, apart from each other and within the file.
    init(pieces: [Piece], size: Int64?) throws {
        var end: Int64 = 0
        for piece in pieces {
            let (next, overflow) = piece.offset.addingReportingOverflow(piece.length)
            guard piece.offset >= end, piece.length >= 0, !overflow else {
                throw Self.malformed("a sparse map is out of order")
            }
            end = next
        }
        guard let size, size >= end else { throw Self.malformed("a sparse map reaches beyond its file") }
        self.pieces = pieces
        self.size = size
    }

    /// The map of versions 0.0 and 0.1: offsets and lengths in turn.
    init(pairs: [Int64], size: Int64?) throws {
        guard pairs.count % 2 == 0 else { throw Self.malformed("a sparse map has half a pair") }
        let pieces = stride(from: 0, to: pairs.count, by: 2).map { Piece(offset: pairs[$0], length: pairs[$0 + 1]) }
        try self.init(pieces: pieces, size: size)
    }

    /// The map in and after the header of GNU's old format.
    static func old(_ header: TarBlock, feed: ByteFeed) throws -> SparseMap {
        var pieces: [Piece] = []
        try append(header, at: 386, count: 4, to: &pieces)
        var isExtended = header.bytes[482] != 0
        while isExtended {
            let block = TarBlock(try feed.bytes(TarBlock.size))
            guard block.bytes.count == TarBlock.size else { throw malformed("it ends inside a sparse map") }
            try append(block, at: 0, count: 21, to: &pieces)
            isExtended = block.bytes[504] != 0
            if pieces.count > maximumPieces { throw malformed("a sparse map has too many pieces") }
        }
        return try SparseMap(pieces: pieces, size: header.number(483, 12))
    }

    private static func append(_ block: TarBlock, at start: Int, count: Int, to pieces: inout [Piece]) throws {
        for index in 0..<count {
            let offset = start + 24 * index
            if block.bytes[offset] == 0 { return }
            pieces.append(Piece(offset: try block.number(offset, 12), length: try block.number(offset + 12, 12)))
        }
    }

    /// The map of version 1.0, which stands before the data: decimal numbers, a line each, padded to a block.
    static func version1(_ records: PAXRecords.Sparse, feed: ByteFeed, stored: Int64) throws -> (SparseMap, Int64) {
        var consumed: Int64 = 0
        var (digits, numbers): ([UInt8], [Int64]) = ([], [])
        while true {
            guard consumed + Int64(TarBlock.size) <= stored else { throw malformed("a sparse map is cut off") }
            let block = try feed.bytes(TarBlock.size)
            guard block.count == TarBlock.size else { throw malformed("it ends inside a sparse map") }
            consumed += Int64(TarBlock.size)
            for byte in block {
                if byte != 10 {
                    digits.append(byte)
                    if digits.count > 20 { throw malformed("a sparse map has no numbers") }
                    continue
                }
                guard let number = PAXRecords.decimal(digits) else { throw malformed("a sparse map has no numbers") }
                digits = []
                numbers.append(number)
                guard let count = numbers.first, count <= maximumPieces else {
                    throw malformed("a sparse map has too many pieces")
                }
                if numbers.count == 1 + 2 * Int(count) {
                    let map = try SparseMap(pairs: Array(numbers.dropFirst()), size: records.size)
                    return (map, consumed)
                }
            }
        }
    }

    private static func malformed(_ reason: String) -> LayersError { .malformedArchive(reason: reason, entry: nil) }
}
