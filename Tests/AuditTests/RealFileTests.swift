// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Audit
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite("Real ELF files")
struct RealFileTests {
    @Test(
        "readelf reads the same of this machine's programs",
        arguments: ["/bin/ls", "/bin/sh", "/usr/bin/qemu-aarch64-static", "/usr/bin/qemu-x86_64-static"])
    func programs(path: String) async throws {
        let facts = try #require(try Self.read(FilePath(path)))
        let judge = try await ChildProcess.run("readelf", ["-W", "-h", "-l", path], environment: Self.plain).output
        #expect(facts.is64Bit == judge.contains("ELF64"))
        #expect(facts.isBigEndian == judge.contains("big endian"))
        #expect(judge.contains("Requesting program interpreter: ") == facts.hasInterpreter)
        if let interpreter = facts.interpreter {
            #expect(judge.contains("[Requesting program interpreter: \(interpreter)]"))
        }
        #expect((facts.kind == .shared) == judge.contains("DYN ("))
        #expect(PlatformFit(of: facts, on: .host) == .fits)
        #expect(!facts.isPartial)
    }

    /// What the Swift toolchain's own compiler and linker make, which every machine that runs tests has.
    @Test(
        "what a compiler makes for another machine is read as readelf reads it",
        arguments: [
            ("armv5te-linux-gnueabi", "v5TE", "linux/arm/v5"), ("armv6-linux-gnueabihf", "v6", "linux/arm/v6"),
            ("armv7a-linux-gnueabihf", "v7", "linux/arm/v7"), ("armv8a-linux-gnueabihf", "v8", "linux/arm/v8"),
            ("aarch64-linux-gnu", "AArch64", "linux/arm64"), ("i686-linux-gnu", "Intel 80386", "linux/386"),
            ("x86_64-linux-gnu", "X86-64", "linux/amd64"), ("mips-linux-gnu", "ISA: MIPS32r2", "linux/mips"),
            ("mips64el-linux-gnuabi64", "ISA: MIPS64r2", "linux/mips64le"),
        ])
    func compiled(target: String, words: String, platform: String) async throws {
        try await Scratch.with { directory in
            let program = directory.appending("program")
            let made = try await ChildProcess.run(
                "clang",
                [
                    "-target", target, "-nostdlib", "-static", "-fuse-ld=lld", "-Wl,-e,start", "-x", "c", "-", "-o",
                    program.string,
                ], input: Array("int start(void) { return 0; }".utf8))
            try #require(made.succeeded, "\(made)")
            let judge = try await ChildProcess.run(
                "readelf", ["-W", "-h", "-A", program.string], environment: Self.plain)
            #expect(judge.output.contains(words), "\(judge)")
            let facts = try #require(try Self.read(program))
            let platform = try Platform(platform)
            #expect(PlatformFit(of: facts, on: platform) == .fits)
            #expect(facts.arm?.isHardFloat == (facts.arm == nil ? nil : target.hasSuffix("hf")))
            #expect((facts.mips?.revision == 2) == (facts.machine == 8))
            if platform.architecture == "arm" {
                #expect(facts.arm?.variant == platform.variant)
                if platform.variant != "v5" {
                    #expect(PlatformFit(of: facts, on: try Platform("linux/arm/v5")) == .needsNewer(platform))
                }
            }
        }
    }

    @Test("the level that a program needs is read as readelf reads it", arguments: 2...4)
    func level(_ level: Int) async throws {
        try await Scratch.with { directory in
            let program = directory.appending("program")
            let made = try await ChildProcess.run(
                "clang",
                [
                    "-target", "x86_64-linux-gnu", "-nostdlib", "-static", "-fuse-ld=lld", "-Wl,-e,start", "-x",
                    "assembler", "-", "-o", program.string,
                ], input: Array(Self.needing(bits: 1 << (level - 1)).utf8))
            try #require(made.succeeded, "\(made)")
            let judge = try await ChildProcess.run("readelf", ["-W", "-n", program.string], environment: Self.plain)
            #expect(judge.output.contains("x86 ISA needed: x86-64-v\(level)"), "\(judge)")
            let facts = try #require(try Self.read(program))
            #expect(facts.x86Level == level)
            let needed = try Platform("linux/amd64/v\(level)")
            #expect(PlatformFit(of: facts, on: needed) == .fits)
            #expect(PlatformFit(of: facts, on: try Platform("linux/amd64")) == .needsNewer(needed))
        }
    }

    @Test("a program whose section headers were stripped fits every variant")
    func stripped() async throws {
        try await Scratch.with { directory in
            let program = directory.appending("program")
            let made = try await ChildProcess.run(
                "clang",
                [
                    "-target", "armv7a-linux-gnueabihf", "-nostdlib", "-static", "-fuse-ld=lld", "-Wl,-e,start", "-x",
                    "c", "-", "-o", program.string,
                ], input: Array("int start(void) { return 0; }".utf8))
            try #require(made.succeeded, "\(made)")
            let strip = try await ChildProcess.run("llvm-objcopy", ["--strip-sections", program.string])
            try #require(strip.succeeded, "\(strip)")
            let facts = try #require(try Self.read(program))
            #expect(facts.arm == nil)
            #expect(!facts.isPartial)
            #expect(PlatformFit(of: facts, on: try Platform("linux/arm/v5")) == .fits)
        }
    }

    /// A program whose property note says what it needs, in a section of another name: LLD drops what it does not know.
    private static func needing(bits: Int) -> String {
        """
        .globl start
        start: ret
        .section .note.needed, "a", @note
        .p2align 3
        .long 4, 16, 5
        .asciz "GNU"
        .long 0xc0008002, 4, \(bits), 0

        """
    }

    private static let plain = ["LC_ALL": "C", "PATH": "/usr/bin:/bin"]

    /// Reads a file as the audit does: the beginning, then what is asked for.
    private static func read(_ path: FilePath) throws -> ELFFacts? {
        let file = try FileDescriptor.open(path, .readOnly)
        defer { try? file.close() }
        func bytes(_ offset: UInt64, _ count: Int) throws -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            let found = try bytes.withUnsafeMutableBytes {
                try file.read(fromAbsoluteOffset: Int64(offset), into: $0)
            }
            return Array(bytes[..<found])
        }
        return try ELFFacts(first: bytes(0, 4096), read: bytes)
    }
}
