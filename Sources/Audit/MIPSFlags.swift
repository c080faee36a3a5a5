// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What a MIPS file was compiled for, of its section `.MIPS.abiflags` (version 0).
public struct MIPSFlags: Hashable, Sendable, Codable {
    /// The level of the instruction set: 1 to 5, 32 or 64.
    public let level: UInt8
    /// The revision of level 32 or 64; programs for 6 run on no other.
    public let revision: UInt8
    /// The ABI of floating-point numbers: 1 is double, 3 is soft, 5 is FPXX, 6 and 7 are FP64.
    public let floatABI: UInt8
    /// The number of the one vendor's instructions that it uses besides (`isa_ext`); 0 is none.
    public let vendorExtension: UInt32

    /// Reads the content of the section; nil when it is too short or of a version that is not known.
    init?(_ fields: ELFFields) {
        guard fields.count >= 24, fields.half(at: 0) == 0, let level = fields.byte(at: 2),
            let revision = fields.byte(at: 3), let floatABI = fields.byte(at: 7),
            let vendorExtension = fields.word(at: 8)
        else { return nil }
        (self.level, self.revision, self.floatABI) = (level, revision, floatABI)
        self.vendorExtension = vendorExtension
    }
}
