// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// One QEMU user emulator: what it runs and how the kernel recognises that.
public struct EmulatorTarget: Hashable, Sendable {
    /// QEMU's name of it, as in `qemu-aarch64`.
    public let target: String
    /// The architecture in OCI's spelling.
    public let architecture: String
    /// The variant in OCI's spelling, where the emulator is of one variant alone.
    public let variant: String?
    /// The machine in the ELF header of its programs.
    public let machine: UInt16
    /// Other numbers that programs have there, such as those from before the machine had one of its own.
    public let otherMachines: [UInt16]
    /// Whether its programs are ELF class 64.
    public let is64Bit: Bool
    /// Whether the first byte of an integer is the highest.
    public let isBigEndian: Bool
    /// MIPS: whether e_flags say the n32 ABI; nil where e_flags do not matter.
    public let isN32: Bool?
    /// The version of QEMU that has it no more, or nil.
    public let removedIn: String?

    init(
        _ target: String, _ architecture: String, variant: String? = nil, machine: UInt16, otherMachines: [UInt16] = [],
        is64Bit: Bool, isBigEndian: Bool, isN32: Bool? = nil, removedIn: String? = nil
    ) {
        self.target = target
        self.architecture = architecture
        self.variant = variant
        self.machine = machine
        self.otherMachines = otherMachines
        self.is64Bit = is64Bit
        self.isBigEndian = isBigEndian
        self.isN32 = isN32
        self.removedIn = removedIn
    }

    /// Every number that its programs have as their machine, the usual one first.
    public var machines: [UInt16] { [machine] + otherMachines }

    /// A handler that the kernel needs for its programs.
    public struct Handler: Hashable, Sendable {
        /// The handler's name, as QEMU's script and the installers call it: `qemu-` and the target.
        public let name: String
        /// What a program's first bytes are, where the mask has ones.
        public let magic: [UInt8]
        /// Which bits of the first bytes count.
        public let mask: [UInt8]
    }

    /// A handler for each number of the machine; the names of all but the first end in the number.
    public var handlers: [Handler] {
        machines.map { machine in
            Handler(
                name: "qemu-\(target)" + (machine == self.machine ? "" : "-\(machine)"), magic: magic(machine),
                mask: mask
            )
        }
    }

    /// What a program's first bytes are, where the mask has ones, if its machine has the usual number.
    public var magic: [UInt8] { magic(machine) }

    private func magic(_ machine: UInt16) -> [UInt8] {
        var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, is64Bit ? 2 : 1, isBigEndian ? 2 : 1, 1]
        bytes += [UInt8](repeating: 0, count: 9)
        bytes += integer(2, size: 2) + integer(UInt32(machine), size: 2)
        if let isN32 {
            bytes += integer(1, size: 4) + [UInt8](repeating: 0, count: 12) + integer(isN32 ? 0x20 : 0, size: 4)
        }
        return bytes
    }

    /// Which bits of the first bytes count: all but the operating system's ABI and its version, and of the type the
    /// one that tells programs (2) from position-independent programs (3).
    public var mask: [UInt8] {
        var bytes = [UInt8](repeating: 0xff, count: 7) + [0, 0] + [UInt8](repeating: 0xff, count: 7)
        bytes += integer(0xfffe, size: 2) + [0xff, 0xff]
        if isN32 != nil {
            bytes += [UInt8](repeating: 0xff, count: 4) + [UInt8](repeating: 0, count: 12) + integer(0x20, size: 4)
        }
        return bytes
    }

    private func integer(_ value: UInt32, size: Int) -> [UInt8] {
        let little = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
        return isBigEndian ? little.reversed() : little
    }
}
