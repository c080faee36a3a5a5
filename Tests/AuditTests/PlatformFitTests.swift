// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Audit
import OCI
import TestSupport
import Testing

@Suite("Files and platforms")
struct PlatformFitTests {
    @Test(
        "an ARM program fits where its architecture or a newer one is",
        arguments: [
            (10, "linux/arm/v6", "an ARMv7 program; linux/arm/v6 runs ARMv6 and older"),
            (6, "linux/arm/v5", "an ARMv6 program; linux/arm/v5 runs ARMv5 and older"),
            (8, "linux/arm/v6", "an ARMv6T2 program; linux/arm/v6 runs ARMv6 and older"),
            (10, "linux/arm/v7", "an ARMv7 program; linux/arm/v7 runs it"),
            (4, "linux/arm/v6", "an ARMv5TE program; linux/arm/v6 runs it"),
            (10, "linux/amd64", "an ARMv7 program for linux/arm/v7, which linux/amd64 does not run"),
            (
                10, "linux/arm64",
                "an ARMv7 program; it runs on those machines of linux/arm64 that run linux/arm/v7 too"
            ),
        ] as [(UInt8, String, String)])
    func arm(architecture: UInt8, platform: String, words: String) throws {
        let facts = try #require(ELFFacts(ELFBuilder.arm(architecture: architecture).bytes))
        let platform = try Platform(platform)
        let fit = PlatformFit(of: facts, on: platform)
        #expect(fit.words(for: facts, on: platform) == words)
    }

    @Test(
        "an x86 program fits where its level or a higher one is",
        arguments: [
            (7, "linux/amd64", "an x86-64-v3 program; linux/amd64 runs plain x86-64 only"),
            (7, "linux/amd64/v2", "an x86-64-v3 program; linux/amd64/v2 runs x86-64-v2 and older"),
            (7, "linux/amd64/v4", "an x86-64-v3 program; linux/amd64/v4 runs it"),
            (1, "linux/amd64", "an x86-64 program; linux/amd64 runs it"),
            (1, "linux/386", "an x86-64 program for linux/amd64, which linux/386 does not run"),
        ] as [(UInt32, String, String)])
    func x86(bits: UInt32, platform: String, words: String) throws {
        let facts = try #require(ELFFacts(ELFBuilder.x86(needed: bits).bytes))
        let platform = try Platform(platform)
        #expect(PlatformFit(of: facts, on: platform).words(for: facts, on: platform) == words)
    }

    @Test("a program that says nothing of a variant fits every variant of its architecture")
    func silent() throws {
        let arm = try #require(ELFFacts(ELFBuilder(is64Bit: false, machine: 40).bytes))
        let power = try #require(ELFFacts(ELFBuilder(machine: 21).bytes))
        #expect(PlatformFit(of: arm, on: try Platform("linux/arm/v5")) == .fits)
        #expect(PlatformFit(of: power, on: try Platform("linux/ppc64le/power9")) == .fits)
        #expect(PlatformFit(of: power, on: try Platform("linux/ppc64")) == .foreign(try Platform("linux/ppc64le")))
    }

    @Test(
        "MIPS is told apart by class, byte order and ABI",
        arguments: [
            (false, true, 0, "mips"), (false, false, 0, "mipsle"), (false, true, 0x20, "mips64p32"),
            (false, false, 0x20, "mips64p32le"), (true, true, 0, "mips64"), (true, false, 0, "mips64le"),
        ] as [(Bool, Bool, UInt32, String)])
    func mips(is64Bit: Bool, isBigEndian: Bool, flags: UInt32, architecture: String) throws {
        let file = ELFBuilder(is64Bit: is64Bit, isBigEndian: isBigEndian, machine: 8, flags: flags)
        let facts = try #require(ELFFacts(file.bytes))
        for other in ["mips", "mipsle", "mips64p32", "mips64p32le", "mips64", "mips64le"] {
            let fit = PlatformFit(of: facts, on: try Platform("linux/" + other))
            #expect((fit == .fits) == (other == architecture), "\(architecture) on \(other)")
        }
    }

    @Test("x32, other systems' programs and unknown processors are foreign; objects and core dumps are not run")
    func rest() throws {
        let amd64 = try Platform("linux/amd64")
        let x32 = try #require(ELFFacts(ELFBuilder(is64Bit: false, machine: 62).bytes))
        #expect(PlatformFit(of: x32, on: amd64) == .foreign(nil))
        #expect(x32.words == "an x32 program")
        let other = try #require(ELFFacts(ELFBuilder(machine: 9999).bytes))
        #expect(
            PlatformFit(of: other, on: amd64).words(for: other, on: amd64)
                == "an ELF machine 9999 program, which linux/amd64 does not run")
        let bsd = try #require(ELFFacts(ELFBuilder(osABI: 9, machine: 62).bytes))
        #expect(PlatformFit(of: bsd, on: amd64) == .foreign(try Platform("freebsd/amd64")))
        #expect(PlatformFit(of: bsd, on: try Platform("freebsd/amd64")) == .fits)
        let linux = try #require(ELFFacts(ELFBuilder(machine: 62).bytes))
        #expect(PlatformFit(of: linux, on: try Platform("windows/amd64")) == .foreign(amd64))
        for type in [1, 4] as [UInt16] {
            let facts = try #require(ELFFacts(ELFBuilder(type: type, machine: 40).bytes))
            #expect(PlatformFit(of: facts, on: amd64) == .notRun)
        }
        let sister = try #require(ELFFacts(ELFBuilder(is64Bit: false, machine: 3).bytes))
        #expect(PlatformFit(of: sister, on: amd64) == .fitsAs(try Platform("linux/386")))
    }
}
