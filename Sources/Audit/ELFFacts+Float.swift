// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension ELFFacts {
    /// How floating-point numbers are passed, where the architecture has several ways that do not go together and the
    /// file says which (AAELF32, "ELF Header"; RISC-V ELF psABI, "File Header").
    public var floatABI: String? {
        switch ELFMachine.architecture(of: self) {
        case "arm", "armbe":
            if flags & 0x400 != 0 { return "hard-float" }
            if flags & 0x200 != 0 { return "soft-float" }
            return arm?.isHardFloat == true ? "hard-float" : nil
        case "riscv32", "riscv64":
            return ["soft-float", "single-float", "double-float", "quad-float"][Int(flags >> 1 & 3)]
        default: return nil
        }
    }

    /// Whether one process can hold both files: machine, addresses and byte order are the same.
    public func shares(machineOf other: ELFFacts) -> Bool {
        machine == other.machine && is64Bit == other.is64Bit && isBigEndian == other.isBigEndian
    }
}
