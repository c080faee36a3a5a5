// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What a 32-bit ARM file was compiled for, of its section `.ARM.attributes` ("Addenda to, and Errata in, the ABI for the
/// Arm Architecture", build attributes). Linkers write the most that any part of the program needs.
public struct ARMAttributes: Hashable, Sendable, Codable {
    /// The architecture (`Tag_CPU_arch`), by its number; nil where the file does not say.
    public private(set) var cpuArchitecture: UInt64?
    /// Whether floating-point arguments are passed in VFP registers (`Tag_ABI_VFP_args`), as `armhf` ports do.
    public private(set) var isHardFloat = false

    /// Reads the content of the section; nil when that is not of the version that there is.
    init?(_ fields: ELFFields) {
        guard fields.byte(at: 0) == 0x41 else { return nil }
        var at = 1
        while let size = fields.word(at: at), size > 4, let section = fields.part(at: at, count: Int(size)) {
            readVendor(section)
            at += Int(size)
        }
    }

    /// The variant of `linux/arm` that has this architecture; nil where the file does not say.
    ///
    /// v6T2 is v7: it is ARMv6 with Thumb-2, which no v6 processor that runs Linux has.
    public var variant: String? {
        switch cpuArchitecture {
        case nil: nil
        case 0, 1, 2, 3, 4, 5: "v5"
        case 6, 7, 9, 11, 12: "v6"
        case 8, 10, 13: "v7"
        default: "v8"
        }
    }

    /// The architecture in words, as in `ARMv7`; nil where the file does not say.
    public var name: String? {
        guard let cpuArchitecture else { return nil }
        let names = [
            "before ARMv4", "ARMv4", "ARMv4T", "ARMv5T", "ARMv5TE", "ARMv5TEJ", "ARMv6", "ARMv6KZ", "ARMv6T2", "ARMv6K",
            "ARMv7", "ARMv6-M", "ARMv6S-M", "ARMv7E-M", "ARMv8-A", "ARMv8-R", "ARMv8-M baseline", "ARMv8-M mainline",
            "ARMv8.1-A", "ARMv8.2-A", "ARMv8.3-A", "ARMv8.1-M mainline", "ARMv9-A",
        ]
        return cpuArchitecture < UInt64(names.count)
            ? names[Int(cpuArchitecture)] : "ARM architecture \(cpuArchitecture)"
    }

    /// The attributes of one vendor, of which only those of the ABI itself are known.
    private mutating func readVendor(_ section: ELFFields) {
        let name = Array("aeabi\0".utf8)
        guard let vendor = section.part(at: 4, count: name.count), vendor.bytes.elementsEqual(name) else { return }
        var at = 4 + name.count
        while let tag = section.byte(at: at), let size = section.word(at: at + 1), size > 5,
            let part = section.part(at: at, count: Int(size))
        {
            // 1 is the whole file; sections and symbols follow, which say nothing more.
            if tag == 1 { readAttributes(part) }
            at += Int(size)
        }
    }

    private mutating func readAttributes(_ part: ELFFields) {
        var at = 5
        while let tag = part.number(at: at) {
            at = tag.end
            let isText = tag.value == 4 || tag.value == 5 || (tag.value > 32 && !tag.value.isMultiple(of: 2))
            if !isText {
                guard let number = part.number(at: at) else { return }
                at = number.end
                if tag.value == 6 { cpuArchitecture = number.value }
                if tag.value == 28 { isHardFloat = number.value == 1 }
            }
            // Compatibility (32) has a number and a text.
            if isText || tag.value == 32 {
                guard let end = part.endOfText(at: at) else { return }
                at = end
            }
        }
    }
}
