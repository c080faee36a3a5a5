// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// One header block of a tar archive: the fields that ustar, GNU and version 7 have in common, and where they differ.
struct TarBlock {
    let bytes: [UInt8]

    /// Which dialect the magic field speaks.
    enum Dialect { case version7, ustar, gnu }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isZero: Bool { bytes.allSatisfy { $0 == 0 } }

    var dialect: Dialect {
        if bytes[257..<263].elementsEqual("ustar\u{0}".utf8) { return .ustar }
        if bytes[257..<265].elementsEqual("ustar  \u{0}".utf8) { return .gnu }
        return .version7
    }

    var type: UInt8 { bytes[156] }

    /// Whether the checksum is right; old archives summed signed bytes.
    var isIntact: Bool {
        guard let stored = try? number(148, 8) else { return false }
        var (unsigned, signed) = (Int64(0), Int64(0))
        for (index, byte) in bytes.enumerated() {
            let byte = (148..<156).contains(index) ? UInt8(ascii: " ") : byte
            unsigned += Int64(byte)
            signed += Int64(Int8(bitPattern: byte))
        }
        return stored == unsigned || stored == signed
    }

    /// The name, with ustar's prefix put before it.
    var name: [UInt8] {
        let name = text(0, 100)
        guard dialect == .ustar else { return name }
        let prefix = text(345, 155)
        return prefix.isEmpty ? name : prefix + [slash] + name
    }

    var link: [UInt8] { text(157, 100) }

    /// The bytes of a text field up to its NUL.
    func text(_ offset: Int, _ length: Int) -> [UInt8] {
        Array(bytes[offset..<(offset + length)].prefix { $0 != 0 })
    }

    /// A numeric field: octal digits, or base 256 when the first bit is set (GNU).
    func number(_ offset: Int, _ length: Int) throws -> Int64 {
        try Self.number(bytes[offset..<(offset + length)])
    }

    static func number(_ field: ArraySlice<UInt8>) throws -> Int64 {
        guard let first = field.first else { return 0 }
        if first & 0x80 != 0 {
            var value: Int64 = first & 0x40 != 0 ? -1 : 0
            for (index, byte) in field.enumerated() {
                let byte = index == 0 ? (first & 0x40 != 0 ? byte : byte & 0x7f) : byte
                guard value >> 55 == 0 || value >> 55 == -1 else {
                    throw LayersError.malformedArchive(reason: "a number is too large", entry: nil)
                }
                value = value << 8 | Int64(byte)
            }
            return value
        }
        var value: Int64 = 0
        let digits = field.drop { $0 == UInt8(ascii: " ") || $0 == 0 }
            .prefix { $0 != UInt8(ascii: " ") && $0 != 0 }
        for digit in digits {
            guard (48...55).contains(digit), value < Int64.max >> 3 else {
                throw LayersError.malformedArchive(reason: "a number field has no number", entry: nil)
            }
            value = value << 3 | Int64(digit - 48)
        }
        return value
    }
}
