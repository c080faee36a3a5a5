// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Fields in a piece of an ELF file; those that do not lie in it are nil.
struct ELFFields {
    let bytes: ArraySlice<UInt8>
    let format: ELFFormat

    var count: Int { bytes.count }

    func byte(at offset: Int) -> UInt8? { integer(at: offset, size: 1).map { UInt8(truncatingIfNeeded: $0) } }
    func half(at offset: Int) -> UInt16? { integer(at: offset, size: 2).map { UInt16(truncatingIfNeeded: $0) } }
    func word(at offset: Int) -> UInt32? { integer(at: offset, size: 4).map { UInt32(truncatingIfNeeded: $0) } }

    /// A field that is as wide as the file's addresses.
    func address(at offset: Int) -> UInt64? { integer(at: offset, size: format.is64Bit ? 8 : 4) }

    /// Where a segment lies, of its program header.
    var segmentRange: ELFRange? { range(offset: format.is64Bit ? 8 : 4, size: format.is64Bit ? 32 : 16) }

    /// Where a section lies, of its section header.
    var sectionRange: ELFRange? { range(offset: format.is64Bit ? 24 : 16, size: format.is64Bit ? 32 : 20) }

    /// A part; nil when it is not all there.
    func part(at offset: Int, count: Int) -> ELFFields? {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else { return nil }
        let start = bytes.startIndex + offset
        return ELFFields(bytes: bytes[start..<start + count], format: format)
    }

    /// A number in groups of seven bits (ULEB128), and the offset behind it; what does not fit into 64 bits is cut off.
    func number(at offset: Int) -> (value: UInt64, end: Int)? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        var at = offset
        while let byte = byte(at: at) {
            value |= UInt64(byte & 0x7f) << shift
            at += 1
            if byte & 0x80 == 0 { return (value, at) }
            shift = min(shift + 7, 64)
        }
        return nil
    }

    /// The offset behind a text that ends with a zero byte.
    func endOfText(at offset: Int) -> Int? {
        guard let part = part(at: offset, count: bytes.count - offset),
            let zero = part.bytes.firstIndex(of: 0)
        else { return nil }
        return zero - bytes.startIndex + 1
    }

    private func range(offset: Int, size: Int) -> ELFRange? {
        guard let offset = address(at: offset), let size = address(at: size) else { return nil }
        return ELFRange(offset: offset, size: size)
    }

    private func integer(at offset: Int, size: Int) -> UInt64? {
        guard let field = part(at: offset, count: size)?.bytes else { return nil }
        return format.isBigEndian
            ? field.reduce(0) { $0 << 8 | UInt64($1) } : field.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
