// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Audit
import TestSupport
import Testing

@Suite("Facts of ELF files")
struct ELFFactsTests {
    @Test("the header says class, byte order, machine, flags and kind", arguments: [true, false], [true, false])
    func header(is64Bit: Bool, isBigEndian: Bool) throws {
        let file = ELFBuilder(
            is64Bit: is64Bit, isBigEndian: isBigEndian, osABI: 3, type: 3, machine: 0x1234, flags: 0x5678_9abc)
        let facts = try #require(ELFFacts(file.bytes))
        #expect(facts.is64Bit == is64Bit)
        #expect(facts.isBigEndian == isBigEndian)
        #expect(facts.osABI == 3)
        #expect(facts.kind == .shared)
        #expect(facts.machine == 0x1234)
        #expect(facts.flags == 0x5678_9abc)
        #expect(!facts.hasInterpreter)
        #expect(!facts.isPartial)
    }

    @Test("the loader is found behind other segments", arguments: [true, false], [true, false])
    func interpreter(is64Bit: Bool, isBigEndian: Bool) throws {
        var file = ELFBuilder(is64Bit: is64Bit, isBigEndian: isBigEndian, machine: 22)
        file.segments = [.init(type: 6, content: [1]), .init(type: 3, content: Array("/lib/ld.so.1\0".utf8))]
        let facts = try #require(ELFFacts(file.bytes))
        #expect(facts.interpreter == "/lib/ld.so.1")
        #expect(facts.hasInterpreter)
    }

    @Test("a loader's name that is longer than a path may be is not read")
    func longInterpreter() throws {
        var file = ELFBuilder(machine: 62)
        file.segments = [.init(type: 3, content: [UInt8](repeating: 0x61, count: 5000))]
        let facts = try #require(ELFFacts(file.bytes))
        #expect(facts.hasInterpreter)
        #expect(facts.interpreter == nil)
    }

    @Test(
        "the architecture of ARM is in its attributes, in either byte order",
        arguments: zip([2, 5, 6, 8, 10, 14] as [UInt8], ["v5", "v5", "v6", "v7", "v7", "v8"]))
    func arm(number: UInt8, variant: String) throws {
        let facts = try #require(ELFFacts(ELFBuilder.arm(architecture: number).bytes))
        #expect(facts.arm?.cpuArchitecture == UInt64(number))
        #expect(facts.arm?.variant == variant)
        #expect(facts.arm?.isHardFloat == false)
        let big = ELFBuilder.arm(attributes: [6, number, 28, 1], isBigEndian: true)
        let attributes = try #require(ELFFacts(big.bytes)?.arm)
        #expect(attributes.variant == variant)
        #expect(attributes.isHardFloat)
    }

    @Test("attributes that do not say the architecture, and no sections, leave it open")
    func armWithoutArchitecture() throws {
        let silent = try #require(ELFFacts(ELFBuilder.arm(attributes: [28, 1]).bytes))
        #expect(silent.arm?.isHardFloat == true)
        #expect(silent.arm?.variant == nil)
        #expect(try #require(ELFFacts(ELFBuilder(is64Bit: false, machine: 40).bytes)).arm == nil)
    }

    @Test(
        "the level that x86 needs is in a property, of a note of either kind of segment",
        arguments: [(0, nil), (1, 1), (2, 2), (3, 2), (7, 3), (0xf, 4), (8, 4), (0x10, nil)] as [(UInt32, Int?)],
        [4, 0x6474_e553] as [UInt32])
    func x86(level: (bits: UInt32, number: Int?), segment: UInt32) throws {
        for is64Bit in [true, false] {
            let file = ELFBuilder.x86(needed: level.bits, is64Bit: is64Bit, segment: segment)
            #expect(try #require(ELFFacts(file.bytes)).x86Level == level.number)
        }
    }

    @Test("MIPS flags are in a segment or in a section", arguments: [true, false])
    func mips(inSegment: Bool) throws {
        var file = ELFBuilder(is64Bit: false, isBigEndian: true, machine: 8)
        let content: [UInt8] = [0, 0, 32, 2, 1, 1, 0, 5] + file.word(13) + [UInt8](repeating: 7, count: 12)
        if inSegment {
            file.segments = [.init(type: 0x7000_0003, content: content)]
        } else {
            file.sections = [.init(type: 0x7000_002a, content: content)]
        }
        let flags = try #require(ELFFacts(file.bytes)?.mips)
        #expect((flags.level, flags.revision, flags.floatABI, flags.vendorExtension) == (32, 2, 5, 13))
    }

    @Test("what is not among the first bytes is asked for, in pieces that are never large")
    func reading() throws {
        var file = ELFBuilder.arm(architecture: 10)
        file.sections.insert(contentsOf: repeatElement(.init(type: 1, content: [0]), count: 9000), at: 0)
        let bytes = file.bytes
        var largest = 0
        let facts = ELFFacts(first: Array(bytes.prefix(64))) { offset, count in
            largest = max(largest, count)
            return Array(bytes.dropFirst(Int(offset)).prefix(count))
        }
        #expect(try #require(facts).arm?.variant == "v7")
        #expect(try #require(facts).isPartial == false)
        #expect((1...65536).contains(largest))

        let partial = try #require(ELFFacts(Array(bytes.prefix(4096))))
        #expect(partial.machine == 40)
        #expect(partial.arm == nil)
        #expect(partial.isPartial)
    }

    @Test("what a reader throws is thrown")
    func failures() {
        struct Broken: Error {}
        let bytes = Array(ELFBuilder.arm(architecture: 10).bytes.prefix(60))
        #expect(throws: Broken.self) {
            _ = try ELFFacts(first: bytes) { (_, _) throws(Broken) in throw Broken() }
        }
    }

    @Test(
        "what is no ELF file is none",
        arguments: [[], [0x7f, 0x45, 0x4c, 0x46], Array("#!/bin/sh".utf8), [UInt8](repeating: 0x7f, count: 64)])
    func others(bytes: [UInt8]) {
        #expect(ELFFacts(bytes) == nil)
    }
}

@Suite("Hostile ELF files")
struct HostileELFTests {
    static let samples: [[UInt8]] = {
        var mips = ELFBuilder(is64Bit: false, isBigEndian: true, machine: 8)
        mips.segments = [.init(type: 0x7000_0003, content: [UInt8](repeating: 0, count: 24))]
        var loader = ELFBuilder(machine: 183)
        loader.segments = [.init(type: 3, content: Array("/lib/ld.so\0".utf8))]
        return [
            ELFBuilder.arm(architecture: 10).bytes, ELFBuilder.x86(needed: 7).bytes,
            ELFBuilder.x86(needed: 7, is64Bit: false).bytes, mips.bytes, loader.bytes,
        ]
    }()

    @Test("a file that ends anywhere is read as far as it goes", arguments: samples)
    func truncated(bytes: [UInt8]) throws {
        for count in bytes.indices {
            guard let facts = ELFFacts(Array(bytes.prefix(count))) else {
                #expect(count < 64)
                continue
            }
            #expect(facts.isPartial)
        }
    }

    @Test("any byte, and any four, may be anything", arguments: samples)
    func changed(bytes: [UInt8]) {
        var read = 0
        for index in bytes.indices {
            for value in [0, 1, 0x7f, 0x80, 0xff] as [UInt8] {
                var one = bytes
                one[index] = value
                var four = bytes
                for place in index..<min(index + 4, bytes.count) { four[place] = value }
                var eight = bytes
                for place in index..<min(index + 8, bytes.count) { eight[place] = value }
                for changed in [one, four, eight] where ELFFacts(changed) != nil { read += 1 }
            }
        }
        #expect(read > bytes.count)
    }

    @Test("counts and offsets of all ones cost a bounded number of bytes, and no overflow", arguments: [true, false])
    func endless(is64Bit: Bool) throws {
        // A file of which every byte that is not in the header is given by a reader that never ends.
        for fill in [0x00, 0x03, 0x70, 0xff] as [UInt8] {
            for offset in [UInt8](arrayLiteral: 0x01, 0x7f, 0xff) {
                var file = ELFBuilder(is64Bit: is64Bit, machine: is64Bit ? 62 : 40)
                file.segments = [.init(type: 1, content: [])]
                file.sections = [.init(type: 1, content: [])]
                var first = Array(file.bytes.prefix(is64Bit ? 64 : 52))
                for place in is64Bit ? 32..<48 : 28..<36 { first[place] = offset }
                for place in is64Bit ? [56, 57, 60, 61] : [44, 45, 48, 49] { first[place] = 0xff }
                var total = 0
                let facts = ELFFacts(first: first) { _, count in
                    total += count
                    return [UInt8](repeating: fill, count: count)
                }
                #expect(facts != nil)
                #expect(total < 16 << 20)
            }
        }
    }
}
