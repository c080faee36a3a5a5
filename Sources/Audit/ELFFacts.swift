// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What an ELF file says of the machine that it is for (elf(5), the psABI of each processor).
///
/// Nothing in a file is trusted: what lies beyond its end or contradicts itself is left out, no size of the file's is
/// allocated, and the work is bounded whatever the counts say.
public struct ELFFacts: Hashable, Sendable, Codable {
    /// What kind of file it is (`e_type`).
    public enum Kind: Hashable, Sendable, Codable {
        /// `ET_REL`: something to link.
        case relocatable
        /// `ET_EXEC`: a program at fixed addresses.
        case executable
        /// `ET_DYN`: a library, or a program at any address.
        case shared
        /// Anything else, with its number: a core dump (4), or what an operating system made up.
        case other(UInt16)
    }

    /// Whether addresses have 64 bits (`EI_CLASS`).
    public let is64Bit: Bool
    /// Whether the most significant byte comes first (`EI_DATA`).
    public let isBigEndian: Bool
    /// The operating system's ABI (`EI_OSABI`): 0 and 3 are Linux's, 9 is FreeBSD's.
    public let osABI: UInt8
    /// What kind of file it is.
    public let kind: Kind
    /// The number of the processor (`e_machine`).
    public let machine: UInt16
    /// What the processor's ABI keeps in the header (`e_flags`).
    public let flags: UInt32
    /// Whether the program names a loader (`PT_INTERP`), even one that cannot be read.
    public private(set) var hasInterpreter = false
    /// The loader that the program names; nil for static programs, for libraries, and where it cannot be read.
    public private(set) var interpreter: String?
    /// 32-bit ARM: the build attributes; nil where the file has none or its section headers were stripped.
    public private(set) var arm: ARMAttributes?
    /// x86: the level that the program says it needs, 1 to 4; nil where it says nothing, as most do.
    public private(set) var x86Level: Int?
    /// MIPS: the ABI flags; nil where the file has none.
    public private(set) var mips: MIPSFlags?
    /// Whether the file points at something that was not among its bytes: it was cut off, or only its beginning is known.
    public private(set) var isPartial: Bool

    /// Reads a file of which all bytes are there, or as many as there are; nil when it is no ELF file.
    public init?(_ bytes: [UInt8]) {
        self.init(first: bytes) { _, _ in [] }
    }

    /// Reads a file by its beginning and whatever else is needed; nil when it is no ELF file.
    ///
    /// - Parameters:
    ///   - first: The beginning of the file, at least 64 bytes where it has them; with 4 KiB most files need one or two
    ///     more reads.
    ///   - read: Gives the bytes at an offset, at most as many as asked for, which are never more than 64 KiB; fewer only
    ///     at the end of the file.
    /// - Throws: What `read` throws.
    public init?<Failure: Error>(
        first: [UInt8], read: @escaping (_ offset: UInt64, _ count: Int) throws(Failure) -> [UInt8]
    ) throws(Failure) {
        guard first.count >= 52, first.starts(with: [0x7f, 0x45, 0x4c, 0x46]), (1...2).contains(first[4]),
            (1...2).contains(first[5])
        else { return nil }
        let format = ELFFormat(is64Bit: first[4] == 2, isBigEndian: first[5] == 2)
        let header = ELFFields(bytes: first[...], format: format)
        guard let machine = header.half(at: 18), let type = header.half(at: 16),
            let flags = header.word(at: format.is64Bit ? 48 : 36),
            let segments = ELFTable(segmentsOf: header), let sections = ELFTable(sectionsOf: header)
        else { return nil }
        is64Bit = format.is64Bit
        isBigEndian = format.isBigEndian
        osABI = first[7]
        kind =
            switch type {
            case 1: .relocatable
            case 2: .executable
            case 3: .shared
            default: .other(type)
            }
        self.machine = machine
        self.flags = flags
        var file = ELFFile(first: first, format: format, read: read)
        isPartial = false
        try readSegments(segments, of: &file)
        try readSections(sections, of: &file)
        isPartial = file.fellShort
    }

    private mutating func readSegments<Failure: Error>(
        _ table: ELFTable, of file: inout ELFFile<Failure>
    ) throws(Failure) {
        var properties: [ELFRange] = []
        var notes: [ELFRange] = []
        var loader: ELFRange?
        var mipsFlags: ELFRange?
        try file.forEach(in: table) { fields in
            guard let type = fields.word(at: 0), let range = fields.segmentRange else { return .end }
            switch type {
            case 3 where loader == nil: loader = range
            case 4 where notes.count < 16: notes.append(range)
            case 0x6474_e553 where properties.isEmpty: properties.append(range)
            case 0x7000_0003 where ELFMachine.isMIPS(machine): mipsFlags = range
            default: break
            }
            return .more
        }
        hasInterpreter = loader != nil
        // PATH_MAX of Linux, which execve(2) holds loaders to.
        if let loader, loader.size <= 4096, let bytes = try file.bytes(loader) {
            let path = bytes.prefix { $0 != 0 }
            interpreter = path.isEmpty ? nil : String(decoding: path, as: UTF8.self)
        }
        if let mipsFlags, let bytes = try file.bytes(mipsFlags) { mips = MIPSFlags(file.fields(bytes)) }
        guard ELFMachine.isX86(machine) else { return }
        for range in properties.isEmpty ? notes : properties where x86Level == nil {
            guard let bytes = try file.bytes(range) else { continue }
            x86Level = PropertyNotes.x86Level(in: file.fields(bytes))
        }
    }

    private mutating func readSections<Failure: Error>(
        _ table: ELFTable, of file: inout ELFFile<Failure>
    ) throws(Failure) {
        let wanted: UInt32
        if machine == ELFMachine.arm {
            wanted = 0x7000_0003
        } else if ELFMachine.isMIPS(machine), mips == nil {
            wanted = 0x7000_002a
        } else {
            return
        }
        var found: ELFRange?
        try file.forEach(in: table) { fields in
            guard fields.word(at: 4) == wanted else { return .more }
            found = fields.sectionRange
            return .end
        }
        guard let found, let bytes = try file.bytes(found) else { return }
        if machine == ELFMachine.arm {
            arm = ARMAttributes(file.fields(bytes))
        } else {
            mips = MIPSFlags(file.fields(bytes))
        }
    }
}
