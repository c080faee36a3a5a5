// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// GNU property notes ("Linux Extensions to gABI", `.note.gnu.property`; x86-64 psABI, "Program Property").
enum PropertyNotes {
    /// The highest level of x86 that a file says it needs (`GNU_PROPERTY_X86_ISA_1_NEEDED`), 1 to 4.
    static func x86Level(in fields: ELFFields) -> Int? {
        var at = 0
        while let nameSize = fields.word(at: at), let size = fields.word(at: at + 4),
            let type = fields.word(at: at + 8),
            let name = fields.part(at: at + 12, count: Int(nameSize))
        {
            let isProperty = type == 5 && name.bytes.elementsEqual(Array("GNU\0".utf8))
            // Descriptors of 64-bit properties are padded to 8 bytes, those of all other notes to 4.
            let start = at + 12 + padded(Int(nameSize), to: 4)
            guard let content = fields.part(at: start, count: Int(size)) else { return nil }
            if isProperty { return x86Level(ofProperties: content) }
            at = start + padded(Int(size), to: 4)
        }
        return nil
    }

    private static func x86Level(ofProperties fields: ELFFields) -> Int? {
        var at = 0
        while let type = fields.word(at: at), let size = fields.word(at: at + 4) {
            if type == 0xc000_8002, size >= 4, let bits = fields.word(at: at + 8) {
                // Bit 0 is the baseline, bits 1 to 3 are v2 to v4.
                return (1...4).last { bits & (1 << UInt32($0 - 1)) != 0 }
            }
            at += 8 + padded(Int(size), to: fields.format.is64Bit ? 8 : 4)
        }
        return nil
    }

    private static func padded(_ size: Int, to alignment: Int) -> Int {
        (size + alignment - 1) / alignment * alignment
    }
}
