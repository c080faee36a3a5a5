// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Learns what a file is while its bytes pass by, once and in order, whatever its size.
///
/// Of an ELF file only what ``ELFFacts`` may ask for is kept: its beginning, then the pieces that the headers there
/// point at. The one thing that no header points at before it has passed is what a section holds; linkers put the build
/// attributes of ARM right behind what is loaded or right before the section headers, so both places are kept.
/// One probe serves for any number of files, one after the other.
public struct FileProbe {
    /// So much of an ELF file's beginning is kept.
    private static let headLength = 4096
    /// The most that is kept of a file besides.
    private static let pieceLimit: UInt64 = 512 << 10

    private enum State {
        /// The beginning is gathered.
        case head
        /// Pieces further on are gathered.
        case pieces
        /// Nothing more is wanted.
        case done
    }

    private var state = State.head
    private var head: [UInt8] = []
    private var pieces: [FilePiece] = []
    private var position: UInt64 = 0

    public init() {}

    /// Forgets the file; another one follows.
    public mutating func begin() {
        state = .head
        head.removeAll(keepingCapacity: true)
        pieces.removeAll()
        position = 0
    }

    /// Takes the file's next bytes.
    public mutating func take(_ bytes: UnsafeRawBufferPointer) {
        switch state {
        case .done: return
        case .head: takeHead(bytes)
        case .pieces: takePieces(bytes)
        }
    }

    /// What the file is, as far as its bytes have passed; nil for what no machine runs.
    public func facts() -> FileFacts? {
        guard head.count >= 4 else { return nil }
        if let script = ScriptFacts(head) { return .script(script) }
        return ELFFacts(first: head) { offset, count in bytes(at: offset, count: count) }.map { .elf($0) }
    }

    private func bytes(at offset: UInt64, count: Int) -> [UInt8] {
        guard offset < UInt64(head.count) else { return FilePiece.bytes(at: offset, count: count, of: pieces) }
        let known = head[Int(offset)...].prefix(count)
        return known + FilePiece.bytes(at: UInt64(head.count), count: count - known.count, of: pieces)
    }

    private mutating func takeHead(_ bytes: UnsafeRawBufferPointer) {
        if head.isEmpty, bytes.count >= 4, !Self.isOfInterest(bytes) {
            // Most files end here, without a byte being copied.
            state = .done
            return
        }
        let count = min(bytes.count, Self.headLength - head.count)
        head.append(contentsOf: bytes[..<count])
        position += UInt64(count)
        if head.count >= 4, !head.withUnsafeBytes(Self.isOfInterest) {
            state = .done
            return
        }
        guard head.count == Self.headLength else { return }
        pieces = ELFFacts.piecesWanted(after: head, limit: Self.pieceLimit)
        state = pieces.isEmpty ? .done : .pieces
        if state == .pieces { takePieces(UnsafeRawBufferPointer(rebasing: bytes[count...])) }
    }

    private mutating func takePieces(_ bytes: UnsafeRawBufferPointer) {
        let end = position + UInt64(bytes.count)
        for index in pieces.indices { pieces[index].take(bytes, at: position) }
        position = end
        if let last = pieces.last, last.end <= end { state = .done }
    }

    private static func isOfInterest(_ bytes: UnsafeRawBufferPointer) -> Bool {
        (bytes[0] == 0x7f && bytes[1] == 0x45 && bytes[2] == 0x4c && bytes[3] == 0x46)
            || (bytes[0] == 0x23 && bytes[1] == 0x21)
    }
}

/// A part of a file that is kept when it passes by.
struct FilePiece {
    let offset: UInt64
    let end: UInt64
    private(set) var bytes: [UInt8] = []

    init(offset: UInt64, end: UInt64) { (self.offset, self.end) = (offset, end) }

    /// Takes what it wants of bytes that follow those it was shown before.
    mutating func take(_ passing: UnsafeRawBufferPointer, at position: UInt64) {
        let first = max(offset, position)
        let last = min(end, position + UInt64(passing.count))
        guard first < last else { return }
        bytes.append(contentsOf: passing[Int(first - position)..<Int(last - position)])
    }

    /// The bytes of a range that lies in one of the pieces; fewer where the file was shorter.
    static func bytes(at offset: UInt64, count: Int, of pieces: [FilePiece]) -> [UInt8] {
        guard count > 0, let piece = pieces.first(where: { $0.offset <= offset && offset < $0.end }) else { return [] }
        let skipped = Int(offset - piece.offset)
        guard skipped < piece.bytes.count else { return [] }
        return Array(piece.bytes[skipped..<min(piece.bytes.count, skipped + count)])
    }

    /// Sorted, without overlaps, all behind `start`, and together no longer than `limit`: those further back go first.
    static func arranged(_ ranges: [ELFRange], after start: UInt64, limit: UInt64) -> [FilePiece] {
        var left = limit
        var merged: [(offset: UInt64, end: UInt64)] = []
        let sorted = ranges.compactMap { range -> (offset: UInt64, end: UInt64)? in
            let most = UInt64(Int64.max)
            guard range.size > 0, range.size <= most, range.offset <= most - range.size else { return nil }
            let offset = max(range.offset, start)
            return offset < range.offset + range.size ? (offset, range.offset + range.size) : nil
        }
        for range in sorted.sorted(by: { ($0.offset, $0.end) < ($1.offset, $1.end) }) {
            if let last = merged.last, range.offset <= last.end {
                merged[merged.count - 1].end = max(last.end, range.end)
            } else {
                merged.append(range)
            }
        }
        var pieces: [FilePiece] = []
        for range in merged {
            let end = min(range.end, range.offset + left)
            left -= end - range.offset
            if range.offset < end { pieces.append(FilePiece(offset: range.offset, end: end)) }
        }
        return pieces
    }
}
