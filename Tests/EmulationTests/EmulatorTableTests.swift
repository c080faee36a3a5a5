// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Emulation
import OCI
import Testing

@Suite("The table of emulators")
struct EmulatorTableTests {
    /// As QEMU's own scripts/qemu-binfmt-conf.sh has them; masks where they differ from the rule are left out.
    static let magics: [(platform: String, target: String, magic: String, mask: String)] = [
        (
            "linux/arm64", "aarch64", "7f454c460201010000000000000000000200b700",
            "ffffffffffffff0000fffffffffffffffeffffff"
        ),
        ("linux/arm/v7", "arm", "7f454c4601010100000000000000000002002800", "ffffffffffffff0000fffffffffffffffeffffff"),
        ("linux/arm/v5", "arm", "7f454c4601010100000000000000000002002800", "ffffffffffffff0000fffffffffffffffeffffff"),
        ("linux/386", "i386", "7f454c4601010100000000000000000002000300", "ffffffffffffff0000fffffffffffffffeffffff"),
        (
            "linux/riscv64", "riscv64", "7f454c460201010000000000000000000200f300",
            "ffffffffffffff0000fffffffffffffffeffffff"
        ),
        (
            "linux/s390x", "s390x", "7f454c4602020100000000000000000000020016",
            "ffffffffffffff0000fffffffffffffffffeffff"
        ),
        (
            "linux/ppc64le", "ppc64le", "7f454c4602010100000000000000000002001500",
            "ffffffffffffff0000fffffffffffffffeffffff"
        ),
        (
            "linux/loong64", "loongarch64", "7f454c4602010100000000000000000002000201",
            "ffffffffffffff0000fffffffffffffffeffffff"
        ),
        (
            "linux/mips64le", "mips64el", "7f454c4602010100000000000000000002000800",
            "ffffffffffffff0000fffffffffffffffeffffff"
        ),
        (
            "linux/mipsle", "mipsel",
            "7f454c46010101000000000000000000020008000100000000000000000000000000000000000000",
            "ffffffffffffff0000fffffffffffffffeffffffffffffff00000000000000000000000020000000"
        ),
        (
            "linux/mips", "mips", "7f454c46010201000000000000000000000200080000000100000000000000000000000000000000",
            "ffffffffffffff0000fffffffffffffffffeffffffffffff00000000000000000000000000000020"
        ),
    ]

    @Test("magic and mask are those of the platform's programs", arguments: magics)
    func magic(platform: String, target: String, magic: String, mask: String) throws {
        let entry = try #require(EmulatorTable.target(for: try Platform(platform)))
        #expect(entry.target == target)
        #expect(Self.hex(entry.magic) == magic)
        #expect(Self.hex(entry.mask) == mask)
    }

    @Test("no two entries take the same program")
    func overlaps() {
        for (index, one) in EmulatorTable.all.enumerated() {
            for other in EmulatorTable.all[(index + 1)...] {
                let isSame = zip(zip(one.magic, other.magic), zip(one.mask, other.mask)).allSatisfy { magic, mask in
                    (magic.0 ^ magic.1) & mask.0 & mask.1 == 0
                }
                #expect(!isSame, "\(one.target) and \(other.target)")
            }
        }
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
