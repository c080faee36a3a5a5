// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// An ELF file made by hand: its header, then program headers, then section headers, then the content of both.
package struct ELFBuilder: Sendable {
    package struct Part: Sendable {
        package var type: UInt32
        package var content: [UInt8]

        package init(type: UInt32, content: [UInt8]) {
            self.type = type
            self.content = content
        }
    }

    package var is64Bit = true
    package var isBigEndian = false
    package var osABI: UInt8 = 0
    package var type: UInt16 = 2
    package var machine: UInt16
    package var flags: UInt32 = 0
    package var segments: [Part] = []
    package var sections: [Part] = []
    /// So many bytes lie before the content of segments and sections.
    package var contentGap = 0

    package init(
        is64Bit: Bool = true, isBigEndian: Bool = false, osABI: UInt8 = 0, type: UInt16 = 2, machine: UInt16,
        flags: UInt32 = 0, segments: [Part] = [], sections: [Part] = []
    ) {
        self.is64Bit = is64Bit
        self.isBigEndian = isBigEndian
        self.osABI = osABI
        self.type = type
        self.machine = machine
        self.flags = flags
        self.segments = segments
        self.sections = sections
    }

    package var bytes: [UInt8] {
        let (header, segment, section) = is64Bit ? (64, 56, 64) : (52, 32, 40)
        let segmentsAt = header
        let sectionsAt = segmentsAt + segments.count * segment
        var contentAt = sectionsAt + sections.count * section + contentGap
        var head: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, is64Bit ? 2 : 1, isBigEndian ? 2 : 1, 1, osABI]
        head += [UInt8](repeating: 0, count: 8)
        head += half(type) + half(machine) + word(1) + address(0)
        head += address(segments.isEmpty ? 0 : segmentsAt) + address(sections.isEmpty ? 0 : sectionsAt)
        head += word(flags) + half(UInt16(header)) + half(UInt16(segment)) + half(UInt16(segments.count))
        head += half(UInt16(section)) + half(UInt16(sections.count)) + half(0)
        var tail: [UInt8] = []
        for part in segments {
            let (offset, size) = (address(contentAt), address(part.content.count))
            head +=
                is64Bit
                ? word(part.type) + word(4) + offset + address(0) + address(0) + size + size + address(1)
                : word(part.type) + offset + word(0) + word(0) + size + size + word(4) + word(1)
            tail += part.content
            contentAt += part.content.count
        }
        for part in sections {
            let (offset, size) = (address(contentAt), address(part.content.count))
            head += word(0) + word(part.type) + address(0) + address(0) + offset + size
            head += word(0) + word(0) + address(1) + address(0)
            tail += part.content
            contentAt += part.content.count
        }
        return head + [UInt8](repeating: 0, count: contentGap) + tail
    }

    package func half(_ value: UInt16) -> [UInt8] { integer(UInt64(value), 2) }
    package func word(_ value: UInt32) -> [UInt8] { integer(UInt64(value), 4) }
    package func address(_ value: Int) -> [UInt8] { integer(UInt64(value), is64Bit ? 8 : 4) }

    private func integer(_ value: UInt64, _ size: Int) -> [UInt8] {
        let little = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
        return isBigEndian ? little.reversed() : little
    }
}

extension ELFBuilder {
    /// A program that asks for a loader.
    package func loaded(by loader: String) -> ELFBuilder {
        var elf = self
        elf.segments.append(Part(type: 3, content: Array(loader.utf8) + [0]))
        return elf
    }

    /// A library, or a loader.
    package var library: ELFBuilder {
        var elf = self
        elf.type = 3
        return elf
    }

    /// A 32-bit ARM program with build attributes: tags and values as they stand in the file.
    package static func arm(attributes: [UInt8], isBigEndian: Bool = false) -> ELFBuilder {
        var elf = ELFBuilder(is64Bit: false, isBigEndian: isBigEndian, machine: 40)
        let part = [1] + elf.word(UInt32(5 + attributes.count)) + attributes
        let vendor = Array("aeabi\0".utf8) + part
        // Another vendor's come first, as they may.
        let other = Array("acme\0".utf8) + [1, 2, 3]
        let content =
            [0x41] + elf.word(UInt32(4 + other.count)) + other + elf.word(UInt32(4 + vendor.count)) + vendor
        elf.sections = [Part(type: 0, content: []), Part(type: 0x7000_0003, content: content)]
        return elf
    }

    /// A 32-bit ARM program for an architecture, by its number.
    package static func arm(architecture: UInt8) -> ELFBuilder {
        // A name, the architecture, a compatibility (a number and a text), a text of an unknown tag.
        arm(attributes: [5] + Array("x\0".utf8) + [6, architecture, 32, 1, 0x79, 0, 67, 0x7a, 0])
    }

    /// A program for x86 that needs what the bits say.
    package static func x86(needed bits: UInt32, is64Bit: Bool = true, segment: UInt32 = 4) -> ELFBuilder {
        var elf = ELFBuilder(is64Bit: is64Bit, machine: is64Bit ? 62 : 3)
        let padding = [UInt8](repeating: 0, count: is64Bit ? 4 : 0)
        // Before it another property, and before the note one of another kind.
        let properties =
            elf.word(0xc000_0002) + elf.word(4) + elf.word(3) + padding
            + elf.word(0xc000_8002) + elf.word(4) + elf.word(bits) + padding
        let note =
            elf.word(4) + elf.word(3) + elf.word(1) + Array("GNU\0".utf8) + [1, 2, 3, 0]
            + elf.word(4) + elf.word(UInt32(properties.count)) + elf.word(5) + Array("GNU\0".utf8) + properties
        elf.segments = [Part(type: segment, content: note)]
        return elf
    }
}
