// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// One QEMU user emulator: what it runs and how the kernel recognises that.
public struct EmulatorTarget: Hashable, Sendable {
    /// QEMU's name of it, as in `qemu-aarch64`.
    public let target: String
    /// The architecture in OCI's spelling.
    public let architecture: String
    let variant: String?
    let machine: UInt16
    let is64Bit: Bool
    let isBigEndian: Bool
    /// MIPS: whether e_flags say the n32 ABI; nil where e_flags do not matter.
    let isN32: Bool?

    /// What a program's first bytes are, where the mask has ones.
    public var magic: [UInt8] {
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

/// The emulators that QEMU has.
public enum EmulatorTable {
    /// Every target; where two have the same bytes only the one that current QEMU still has.
    public static let all: [EmulatorTarget] = [
        little64("aarch64", "arm64", 183),
        big64("aarch64_be", "arm64be", 183),
        little64("alpha", "alpha", 0x9026),
        little32("arm", "arm", 40),
        big32("armeb", "armbe", 40),
        little32("hexagon", "hexagon", 164),
        big32("hppa", "hppa", 15),
        little32("i386", "386", 3),
        little64("loongarch64", "loong64", 258),
        big32("m68k", "m68k", 4),
        big32("microblaze", "microblaze", 189),
        little32("microblazeel", "microblazeel", 189),
        mips("mips", "mips", isBigEndian: true, isN32: false),
        big64("mips64", "mips64", 8),
        little64("mips64el", "mips64le", 8),
        mips("mipsel", "mipsle", isBigEndian: false, isN32: false),
        mips("mipsn32", "mips64p32", isBigEndian: true, isN32: true),
        mips("mipsn32el", "mips64p32le", isBigEndian: false, isN32: true),
        big32("or1k", "or1k", 92),
        big32("ppc", "ppc", 20),
        big64("ppc64", "ppc64", 21),
        little64("ppc64le", "ppc64le", 21),
        little32("riscv32", "riscv32", 243),
        little64("riscv64", "riscv64", 243),
        big64("s390x", "s390x", 22),
        little32("sh4", "sh4", 42),
        big32("sh4eb", "sh4eb", 42),
        big32("sparc", "sparc", 2),
        EmulatorTarget(
            target: "sparc32plus", architecture: "sparc", variant: "v8plus", machine: 18, is64Bit: false,
            isBigEndian: true, isN32: nil),
        big64("sparc64", "sparc64", 43),
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

    /// The processor that QEMU is to be, where its default is more than the platform's variant promises: a
    /// `configure` script that sees ARMv7 would make ARMv7 code for an ARMv6 image.
    public static func processor(for platform: Platform) -> String? {
        switch (platform.architecture, platform.variant) {
        case ("arm", "v5"): "arm926"
        case ("arm", "v6"): "arm1176"
        default: nil
        }
    }

    private static func little32(_ target: String, _ architecture: String, _ machine: UInt16) -> EmulatorTarget {
        plain(target, architecture, machine, is64Bit: false, isBigEndian: false)
    }

    private static func little64(_ target: String, _ architecture: String, _ machine: UInt16) -> EmulatorTarget {
        plain(target, architecture, machine, is64Bit: true, isBigEndian: false)
    }

    private static func big32(_ target: String, _ architecture: String, _ machine: UInt16) -> EmulatorTarget {
        plain(target, architecture, machine, is64Bit: false, isBigEndian: true)
    }

    private static func big64(_ target: String, _ architecture: String, _ machine: UInt16) -> EmulatorTarget {
        plain(target, architecture, machine, is64Bit: true, isBigEndian: true)
    }

    private static func plain(
        _ target: String, _ architecture: String, _ machine: UInt16, is64Bit: Bool, isBigEndian: Bool
    ) -> EmulatorTarget {
        EmulatorTarget(
            target: target, architecture: architecture, variant: nil, machine: machine, is64Bit: is64Bit,
            isBigEndian: isBigEndian, isN32: nil)
    }

    private static func mips(
        _ target: String, _ architecture: String, isBigEndian: Bool, isN32: Bool
    ) -> EmulatorTarget {
        EmulatorTarget(
            target: target, architecture: architecture, variant: nil, machine: 8, is64Bit: false,
            isBigEndian: isBigEndian, isN32: isN32)
    }
}
