// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// How an ELF file writes its fields.
struct ELFFormat {
    let is64Bit: Bool
    let isBigEndian: Bool
}

/// Part of a file, as the file says; it may lie anywhere.
struct ELFRange {
    let offset: UInt64
    let size: UInt64
}

/// A table of headers in an ELF file.
struct ELFTable {
    let offset: UInt64
    let entrySize: Int
    let count: Int

    /// The program headers; without entries when they have another size than elf(5) says.
    init?(segmentsOf header: ELFFields) {
        let is64Bit = header.format.is64Bit
        self.init(
            offset: header.address(at: is64Bit ? 32 : 28), size: header.half(at: is64Bit ? 54 : 42),
            expected: is64Bit ? 56 : 32, count: header.half(at: is64Bit ? 56 : 44))
    }

    /// The section headers; without entries when they have another size than elf(5) says.
    init?(sectionsOf header: ELFFields) {
        let is64Bit = header.format.is64Bit
        self.init(
            offset: header.address(at: is64Bit ? 40 : 32), size: header.half(at: is64Bit ? 58 : 46),
            expected: is64Bit ? 64 : 40, count: header.half(at: is64Bit ? 60 : 48))
    }

    private init?(offset: UInt64?, size: UInt16?, expected: Int, count: UInt16?) {
        guard let offset, let size, let count else { return nil }
        self.offset = offset
        entrySize = expected
        self.count = offset > 0 && Int(size) == expected ? Int(count) : 0
    }
}

/// The bytes of an ELF file, read in pieces that are never larger than ``limit``.
struct ELFFile<Failure: Error> {
    /// Whether to go on with the next entry of a table.
    enum Step { case more, end }

    let format: ELFFormat
    /// Whether something was asked for that is not there.
    private(set) var fellShort = false
    private let first: [UInt8]
    private let read: (UInt64, Int) throws(Failure) -> [UInt8]
    private let limit = 65536

    init(first: [UInt8], format: ELFFormat, read: @escaping (UInt64, Int) throws(Failure) -> [UInt8]) {
        (self.first, self.format, self.read) = (first, format, read)
    }

    func fields(_ bytes: ArraySlice<UInt8>) -> ELFFields { ELFFields(bytes: bytes, format: format) }

    /// All the bytes of a range; nil when it is empty, larger than anything here should be, or not all there.
    mutating func bytes(_ range: ELFRange) throws(Failure) -> ArraySlice<UInt8>? {
        guard range.size > 0, range.size <= UInt64(limit) else { return nil }
        let count = Int(range.size)
        // Offsets of files are signed (lseek(2)).
        guard range.offset <= UInt64(Int64.max) - range.size else {
            fellShort = true
            return nil
        }
        if range.offset <= UInt64(first.count), count <= first.count - Int(range.offset) {
            return first[Int(range.offset)..<Int(range.offset) + count]
        }
        let found = try read(range.offset, count)
        guard found.count >= count else {
            fellShort = true
            return nil
        }
        return found[..<count]
    }

    /// Goes through a table until its end, that of the file, or until `body` says so.
    mutating func forEach(in table: ELFTable, _ body: (ELFFields) -> Step) throws(Failure) {
        let atOnce = limit / table.entrySize
        var index = 0
        while index < table.count {
            let count = min(atOnce, table.count - index)
            let (offset, overflows) = table.offset.addingReportingOverflow(UInt64(index * table.entrySize))
            guard !overflows,
                let piece = try bytes(ELFRange(offset: offset, size: UInt64(count * table.entrySize)))
            else { return }
            for start in stride(from: piece.startIndex, to: piece.endIndex, by: table.entrySize) {
                if body(fields(piece[start..<start + table.entrySize])) == .end { return }
            }
            index += count
        }
    }
}
