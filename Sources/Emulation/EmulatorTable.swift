// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// The emulators that QEMU has.
public enum EmulatorTable {
    /// Every target; where two have the same bytes only the one that current QEMU still has.
    /// Every target, those that QEMU removed as well: who has an old QEMU can use it. `ppc64abi32` has the bytes of `ppc`,
    /// and no other two have any program in common.
    public static let all: [EmulatorTarget] = [
        little64("aarch64", "arm64", 183),
        big64("aarch64_be", "arm64be", 183),
        little64("alpha", "alpha", 0x9026),
        little32("arm", "arm", 40),
        big32("armeb", "armbe", 40),
        little32("cris", "cris", 76, removedIn: "9.2"),
        little32("hexagon", "hexagon", 164),
        big32("hppa", "hppa", 15),
        // EM_486 is as old as the ABI's first draft.
        little32("i386", "386", 3, or: [6]),
        little64("loongarch64", "loong64", 258),
        big32("m68k", "m68k", 4),
        // Compilers wrote 0xbaab before 189 was given to the machine.
        big32("microblaze", "microblaze", 189, or: [0xbaab]),
        little32("microblazeel", "microblazeel", 189, or: [0xbaab]),
        EmulatorTarget("mips", "mips", machine: 8, is64Bit: false, isBigEndian: true, isN32: false),
        big64("mips64", "mips64", 8),
        little64("mips64el", "mips64le", 8),
        EmulatorTarget("mipsel", "mipsle", machine: 8, is64Bit: false, isBigEndian: false, isN32: false),
        EmulatorTarget("mipsn32", "mips64p32", machine: 8, is64Bit: false, isBigEndian: true, isN32: true),
        EmulatorTarget("mipsn32el", "mips64p32le", machine: 8, is64Bit: false, isBigEndian: false, isN32: true),
        little32("nios2", "nios2", 113, removedIn: "9.1"),
        big32("or1k", "or1k", 92),
        big32("ppc", "ppc", 20),
        big64("ppc64", "ppc64", 21),
        big32("ppc64abi32", "ppc", 20, removedIn: "7.0"),
        little64("ppc64le", "ppc64le", 21),
        little32("riscv32", "riscv32", 243),
        little64("riscv64", "riscv64", 243),
        big64("s390x", "s390x", 22),
        little32("sh4", "sh4", 42),
        big32("sh4eb", "sh4eb", 42),
        big32("sparc", "sparc", 2),
        EmulatorTarget("sparc32plus", "sparc", variant: "v8plus", machine: 18, is64Bit: false, isBigEndian: true),
        big64("sparc64", "sparc64", 43),
        little64("tilegx", "tilegx", 191, removedIn: "6.0"),
        little64("x86_64", "amd64", 62),
        little32("xtensa", "xtensa", 94),
        big32("xtensaeb", "xtensaeb", 94),
    ]

    /// The emulator of `platform`, or nil when QEMU has none.
    public static func target(for platform: Platform) -> EmulatorTarget? {
        guard platform.os == "linux" else { return nil }
        let candidates = all.filter { $0.architecture == platform.architecture }
        return candidates.first { $0.variant != nil && $0.variant == platform.variant }
            ?? candidates.first { $0.variant == nil }
    }

    /// The emulator that QEMU calls `name`, or nil.
    public static func target(named name: String) -> EmulatorTarget? { all.first { $0.target == name } }

    /// The processor that QEMU is to be, where its default is more than the platform's variant promises: a
    /// `configure` script that sees ARMv7 would make ARMv7 code for an ARMv6 image.
    public static func processor(for platform: Platform) -> String? {
        switch (platform.architecture, platform.variant) {
        case ("arm", "v5"): "arm926"
        case ("arm", "v6"): "arm1176"
        default: nil
        }
    }

    private static func little32(
        _ target: String, _ architecture: String, _ machine: UInt16, or others: [UInt16] = [],
        removedIn version: String? = nil
    ) -> EmulatorTarget {
        EmulatorTarget(
            target, architecture, machine: machine, otherMachines: others, is64Bit: false, isBigEndian: false,
            removedIn: version)
    }

    private static func big32(
        _ target: String, _ architecture: String, _ machine: UInt16, or others: [UInt16] = [],
        removedIn version: String? = nil
    ) -> EmulatorTarget {
        EmulatorTarget(
            target, architecture, machine: machine, otherMachines: others, is64Bit: false, isBigEndian: true,
            removedIn: version)
    }

    private static func little64(
        _ target: String, _ architecture: String, _ machine: UInt16, removedIn version: String? = nil
    ) -> EmulatorTarget {
        EmulatorTarget(
            target, architecture, machine: machine, is64Bit: true, isBigEndian: false,
            removedIn: version)
    }

    private static func big64(
        _ target: String, _ architecture: String, _ machine: UInt16
    ) -> EmulatorTarget {
        EmulatorTarget(
            target, architecture, machine: machine, is64Bit: true, isBigEndian: true)
    }
}
