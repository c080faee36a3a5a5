// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// The processors of ELF (`e_machine`) in OCI's spelling.
enum ELFMachine {
    static let arm: UInt16 = 40

    static func isX86(_ machine: UInt16) -> Bool { [3, 6, 62].contains(machine) }
    static func isMIPS(_ machine: UInt16) -> Bool { [8, 10].contains(machine) }

    /// The architecture that a file is for; nil where OCI has no name for it, as for x32.
    static func architecture(of facts: ELFFacts) -> String? {
        switch (facts.machine, facts.is64Bit, facts.isBigEndian) {
        case (2, false, true), (18, false, true): "sparc"
        case (3, false, false), (6, false, false): "386"
        case (4, false, true): "m68k"
        case (8, false, let isBig), (10, false, let isBig):
            // EF_MIPS_ABI2: the n32 ABI.
            (facts.flags & 0x20 != 0 ? "mips64p32" : "mips") + (isBig ? "" : "le")
        case (8, true, let isBig): isBig ? "mips64" : "mips64le"
        case (15, false, true): "hppa"
        case (20, false, true): "ppc"
        case (21, true, let isBig): isBig ? "ppc64" : "ppc64le"
        case (22, true, true): "s390x"
        case (arm, false, let isBig): isBig ? "armbe" : "arm"
        case (42, false, let isBig): isBig ? "sh4eb" : "sh4"
        case (43, true, true): "sparc64"
        case (62, true, false): "amd64"
        case (92, false, true): "or1k"
        case (94, false, let isBig): isBig ? "xtensaeb" : "xtensa"
        case (164, false, false): "hexagon"
        case (183, true, let isBig): isBig ? "arm64be" : "arm64"
        // Before Microblaze had a number of its own it took one.
        case (189, false, let isBig), (0xbaab, false, let isBig): isBig ? "microblaze" : "microblazeel"
        case (243, let is64Bit, false): is64Bit ? "riscv64" : "riscv32"
        case (258, true, false): "loong64"
        case (0x9026, true, false): "alpha"
        default: nil
        }
    }

    /// The least that a machine must be to run a file.
    static func platform(of facts: ELFFacts) -> Platform? {
        guard let architecture = architecture(of: facts) else { return nil }
        let variant: String? =
            switch facts.machine {
            case arm: architecture == "arm" ? facts.arm?.variant ?? "v5" : nil
            case 18: "v8plus"
            case 62: facts.x86Level.map { "v\($0)" }
            default: nil
            }
        return Platform(os: facts.osABI == 9 ? "freebsd" : "linux", architecture: architecture, variant: variant)
    }
}
