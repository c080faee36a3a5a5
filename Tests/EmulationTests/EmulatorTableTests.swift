// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Emulation
import OCI
import SystemPackage
import Testing

@Suite("The table of emulators")
struct EmulatorTableTests {
    private static let little = "ffffffffffffff0000fffffffffffffffeffffff"
    private static let big = "ffffffffffffff0000fffffffffffffffffeffff"

    /// The magics of QEMU's own scripts/qemu-binfmt-conf.sh (microblaze: with the type in the machine's byte order; those
    /// that it lacks by elf(5)), and the masks of the rule: everything exact but the ABI and its version, and of the type
    /// the bit that tells programs from position-independent ones; 32-bit MIPS by version and n32 flag as well.
    static let rows: [(target: String, magic: String, mask: String)] = [
        ("aarch64", "7f454c460201010000000000000000000200b700", little),
        ("aarch64_be", "7f454c46020201000000000000000000000200b7", big),
        ("alpha", "7f454c4602010100000000000000000002002690", little),
        ("arm", "7f454c4601010100000000000000000002002800", little),
        ("armeb", "7f454c4601020100000000000000000000020028", big),
        ("cris", "7f454c4601010100000000000000000002004c00", little),
        ("hexagon", "7f454c460101010000000000000000000200a400", little),
        ("hppa", "7f454c460102010000000000000000000002000f", big),
        ("i386", "7f454c4601010100000000000000000002000300", little),
        ("i386", "7f454c4601010100000000000000000002000600", little),
        ("loongarch64", "7f454c4602010100000000000000000002000201", little),
        ("m68k", "7f454c4601020100000000000000000000020004", big),
        ("microblaze", "7f454c46010201000000000000000000000200bd", big),
        ("microblaze", "7f454c460102010000000000000000000002baab", big),
        ("microblazeel", "7f454c460101010000000000000000000200abba", little),
        ("microblazeel", "7f454c460101010000000000000000000200bd00", little),
        (
            "mips", "7f454c46010201000000000000000000000200080000000100000000000000000000000000000000",
            "ffffffffffffff0000fffffffffffffffffeffffffffffff00000000000000000000000000000020"
        ),
        ("mips64", "7f454c4602020100000000000000000000020008", big),
        ("mips64el", "7f454c4602010100000000000000000002000800", little),
        (
            "mipsel", "7f454c46010101000000000000000000020008000100000000000000000000000000000000000000",
            "ffffffffffffff0000fffffffffffffffeffffffffffffff00000000000000000000000020000000"
        ),
        (
            "mipsn32", "7f454c46010201000000000000000000000200080000000100000000000000000000000000000020",
            "ffffffffffffff0000fffffffffffffffffeffffffffffff00000000000000000000000000000020"
        ),
        (
            "mipsn32el", "7f454c46010101000000000000000000020008000100000000000000000000000000000020000000",
            "ffffffffffffff0000fffffffffffffffeffffffffffffff00000000000000000000000020000000"
        ),
        ("nios2", "7f454c4601010100000000000000000002007100", little),
        ("or1k", "7f454c460102010000000000000000000002005c", big),
        ("ppc", "7f454c4601020100000000000000000000020014", big),
        ("ppc64", "7f454c4602020100000000000000000000020015", big),
        ("ppc64abi32", "7f454c4601020100000000000000000000020014", big),
        ("ppc64le", "7f454c4602010100000000000000000002001500", little),
        ("riscv32", "7f454c460101010000000000000000000200f300", little),
        ("riscv64", "7f454c460201010000000000000000000200f300", little),
        ("s390x", "7f454c4602020100000000000000000000020016", big),
        ("sh4", "7f454c4601010100000000000000000002002a00", little),
        ("sh4eb", "7f454c460102010000000000000000000002002a", big),
        ("sparc", "7f454c4601020100000000000000000000020002", big),
        ("sparc32plus", "7f454c4601020100000000000000000000020012", big),
        ("sparc64", "7f454c460202010000000000000000000002002b", big),
        ("tilegx", "7f454c460201010000000000000000000200bf00", little),
        ("x86_64", "7f454c4602010100000000000000000002003e00", little),
        ("xtensa", "7f454c4601010100000000000000000002005e00", little),
        ("xtensaeb", "7f454c460102010000000000000000000002005e", big),
    ]

    @Test("every target has handlers with the magic and the mask of its programs", arguments: EmulatorTable.all)
    func magic(target: EmulatorTarget) {
        let expected = Self.rows.filter { $0.target == target.target }.map { "\($0.magic) \($0.mask)" }
        let handlers = target.handlers.map { "\(Self.hex($0.magic)) \(Self.hex($0.mask))" }
        #expect(!expected.isEmpty)
        #expect(Set(handlers) == Set(expected))
        #expect(handlers.count == expected.count)
        #expect(handlers.first == "\(Self.hex(target.magic)) \(Self.hex(target.mask))")
    }

    @Test("there are 37 targets, each with handlers of names of their own")
    func names() {
        #expect(EmulatorTable.all.count == 37)
        #expect(Set(Self.rows.map(\.target)) == Set(EmulatorTable.all.map(\.target)))
        let names = EmulatorTable.all.flatMap(\.handlers).map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.contains("qemu-microblaze") && names.contains("qemu-microblaze-47787"))
        for target in EmulatorTable.all { #expect(EmulatorTable.target(named: target.target) == target) }
    }

    @Test("what QEMU removed says in which version, and never stands in for what it has")
    func removed() throws {
        let removed = EmulatorTable.all.compactMap { target in target.removedIn.map { "\(target.target) \($0)" } }
        #expect(removed == ["cris 9.2", "nios2 9.1", "ppc64abi32 7.0", "tilegx 6.0"])
        #expect(EmulatorTable.target(for: try Platform("linux/ppc"))?.target == "ppc")
        let error = EmulationError.notInstalled(try Platform("nios2"), target: "nios2", searched: ["/usr/bin"])
        #expect(error.remedy?.contains("QEMU 9.1") == true)
    }

    @Test("every platform's names and its emulator agree", arguments: ArchitectureNames.all)
    func agreement(names: ArchitectureNames) throws {
        let target = try #require(EmulatorTable.target(for: names.platform))
        #expect(target.target == names.qemu)
        #expect(target.architecture == names.architecture)
    }

    @Test("every target has a platform with names", arguments: EmulatorTable.all)
    func named(target: EmulatorTarget) throws {
        let platform = Platform(os: "linux", architecture: target.architecture, variant: target.variant)
        #expect(ArchitectureNames.names(of: platform)?.architecture == target.architecture)
        #expect(try Platform(target.target).architecture == target.architecture)
    }

    @Test("no two handlers take the same program, but for ppc64abi32, which is another emulator of ppc")
    func overlaps() {
        let handlers = EmulatorTable.all.flatMap(\.handlers)
        var shared: [String] = []
        for (index, one) in handlers.enumerated() {
            for other in handlers[(index + 1)...] {
                let isSame = zip(zip(one.magic, other.magic), zip(one.mask, other.mask)).allSatisfy { magic, mask in
                    (magic.0 ^ magic.1) & mask.0 & mask.1 == 0
                }
                if isSame { shared.append("\(one.name) \(other.name)") }
            }
        }
        #expect(shared == ["qemu-ppc qemu-ppc64abi32"])
    }

    @Test("magic and mask are of one length that the kernel takes", arguments: EmulatorTable.all)
    func lengths(target: EmulatorTarget) {
        #expect(target.magic.count == target.mask.count)
        #expect(target.magic.count < 128)
    }

    @Test(
        "older ARM variants get an older processor",
        arguments: [("linux/arm/v5", "arm926"), ("linux/arm/v6", "arm1176")])
    func processor(platform: String, processor: String) throws {
        #expect(EmulatorTable.processor(for: try Platform(platform)) == processor)
    }

    @Test("other platforms get QEMU's default", arguments: ["linux/arm/v7", "linux/arm64", "linux/riscv64"])
    func noProcessor(platform: String) throws {
        #expect(EmulatorTable.processor(for: try Platform(platform)) == nil)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
