// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// What the beginning of an executable file says: its machine and its interpreter.
public struct ProgramFile: Hashable, Sendable {
    /// The machine in words, as in `aarch64`; nil for a script.
    public let machine: String?
    /// The loader that an ELF program names or the interpreter of a script; nil for a static program.
    public let interpreter: String?
    /// Whether the file is an ELF program without a loader.
    public let isStatic: Bool

    /// Reads the first bytes of a file (2 KiB do for what compilers make); nil when it is neither ELF nor script.
    public init?(_ bytes: [UInt8]) {
        if bytes.starts(with: [0x23, 0x21]) {
            let line = bytes.dropFirst(2).prefix { $0 != 0x0a }
            let text = String(decoding: line, as: UTF8.self)
            let word = text.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            (machine, interpreter, isStatic) = (nil, word.isEmpty ? nil : String(word), false)
            return
        }
        guard let header = ELFHeader(bytes) else { return nil }
        machine = header.machineName
        interpreter = header.interpreter(in: bytes)
        isStatic = interpreter == nil && !header.hasInterpreter(in: bytes)
    }
}

/// The fields of an ELF header that matter here (elf(5)).
struct ELFHeader {
    let is64Bit: Bool
    let isBigEndian: Bool
    let machine: UInt16
    private let programHeaderOffset: UInt64
    private let programHeaderSize: Int
    private let programHeaderCount: Int

    init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]), bytes.count >= 52 else { return nil }
        is64Bit = bytes[4] == 2
        isBigEndian = bytes[5] == 2
        guard bytes.count >= (is64Bit ? 64 : 52) else { return nil }
        let reader = ByteReader(bytes: bytes, isBigEndian: isBigEndian)
        machine = UInt16(truncatingIfNeeded: reader.integer(at: 18, size: 2))
        programHeaderOffset = reader.integer(at: is64Bit ? 32 : 28, size: is64Bit ? 8 : 4)
        programHeaderSize = Int(reader.integer(at: is64Bit ? 54 : 42, size: 2))
        programHeaderCount = Int(reader.integer(at: is64Bit ? 56 : 44, size: 2))
    }

    /// The machine as QEMU calls it, or its number.
    var machineName: String {
        let target = EmulatorTable.all.first { isProgram(of: $0) }
        return target?.target ?? "ELF machine \(machine)"
    }

    func isProgram(of target: EmulatorTarget) -> Bool {
        target.machines.contains(machine) && target.is64Bit == is64Bit && target.isBigEndian == isBigEndian
    }

    func hasInterpreter(in bytes: [UInt8]) -> Bool { interpreterHeader(in: bytes) != nil }

    func interpreter(in bytes: [UInt8]) -> String? {
        guard let at = interpreterHeader(in: bytes) else { return nil }
        let reader = ByteReader(bytes: bytes, isBigEndian: isBigEndian)
        let offset = reader.integer(at: at + (is64Bit ? 8 : 4), size: is64Bit ? 8 : 4)
        let size = reader.integer(at: at + (is64Bit ? 32 : 16), size: is64Bit ? 8 : 4)
        guard size > 1, size < 4096, offset < UInt64(bytes.count), offset + size <= UInt64(bytes.count) else {
            return nil
        }
        return String(decoding: bytes[Int(offset)..<Int(offset + size - 1)], as: UTF8.self)
    }

    /// Where the PT_INTERP program header is.
    private func interpreterHeader(in bytes: [UInt8]) -> Int? {
        guard programHeaderSize >= 32, programHeaderOffset < UInt64(bytes.count) else { return nil }
        let reader = ByteReader(bytes: bytes, isBigEndian: isBigEndian)
        for index in 0..<programHeaderCount {
            let at = Int(programHeaderOffset) + index * programHeaderSize
            guard at + programHeaderSize <= bytes.count else { return nil }
            if reader.integer(at: at, size: 4) == 3 { return at }
        }
        return nil
    }
}

/// Integers of either byte order; what lies beyond the end reads as zero.
struct ByteReader {
    let bytes: [UInt8]
    let isBigEndian: Bool

    func integer(at offset: Int, size: Int) -> UInt64 {
        guard offset >= 0, offset + size <= bytes.count else { return 0 }
        let field = bytes[offset..<offset + size]
        return isBigEndian
            ? field.reduce(0) { $0 << 8 | UInt64($1) } : field.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension ProgramFile {
    /// Reads the beginning of a file of this host; nil when it cannot be read, or is neither ELF nor script.
    public init?(beginningOf path: FilePath) {
        guard let bytes = HostFile.beginning(of: path, count: 4096) else { return nil }
        self.init(bytes)
    }
}
