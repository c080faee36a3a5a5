// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Audit
import OCI
import TestSupport
import Testing

@Suite("Learning what a file is while it passes by")
struct FileProbeTests {
    /// What a probe says of bytes that come in pieces.
    private func facts(_ bytes: [UInt8], inPiecesOf size: Int) -> FileFacts? {
        var probe = FileProbe()
        return facts(bytes, inPiecesOf: size, &probe)
    }

    private func facts(_ bytes: [UInt8], inPiecesOf size: Int, _ probe: inout FileProbe) -> FileFacts? {
        probe.begin()
        var rest = bytes[...]
        while !rest.isEmpty {
            Array(rest.prefix(size)).withUnsafeBytes { probe.take($0) }
            rest = rest.dropFirst(size)
        }
        return probe.facts()
    }

    /// The same file with so much between its headers and what they point at.
    private static func spread(_ elf: ELFBuilder, by gap: Int) -> [UInt8] {
        var elf = elf
        elf.contentGap = gap
        return elf.bytes
    }

    private static var files: [[UInt8]] {
        var dynamic = ELFBuilder(machine: 62)
        dynamic.segments = [.init(type: 3, content: Array("/lib64/ld-linux-x86-64.so.2\0".utf8))]
        let builders = [
            ELFBuilder(machine: 183), dynamic, .arm(architecture: 10),
            .arm(attributes: [6, 6, 28, 1], isBigEndian: true),
            .x86(needed: 0b111), .x86(needed: 0b1, is64Bit: false), .x86(needed: 0b111, segment: 0x6474_e553),
        ]
        return builders.flatMap { elf in [0, 3000, 4000, 4060, 5000, 200_000].map { spread(elf, by: $0) } }
    }

    @Test(
        "it knows what a reader of the whole file knows, whatever the pieces and wherever things lie",
        arguments: [1, 7, 64, 4095, 4096, 4097, 1 << 20])
    func sameAsWhole(pieceSize: Int) throws {
        var probe = FileProbe()
        for bytes in Self.files where pieceSize > 1 || bytes.count < 10_000 {
            let whole = try #require(ELFFacts(bytes))
            #expect(!whole.isPartial)
            #expect(facts(bytes, inPiecesOf: pieceSize, &probe) == .elf(whole), "\(bytes.count) bytes")
        }
    }

    @Test("of what is no program nothing is said", arguments: [[], [0x7f], Array("text".utf8), Array("#!".utf8)])
    func nothing(bytes: [UInt8]) {
        for size in [1, 3, 100] { #expect(facts(bytes, inPiecesOf: size) == nil) }
    }

    @Test(
        "a script's first line names its interpreter and one argument",
        arguments: [
            ("#!/bin/sh\nls", "/bin/sh", nil), ("#! /usr/bin/env  python3 \nx", "/usr/bin/env", "python3"),
            ("#!\t/bin/a\t-b c \n", "/bin/a", "-b c"), ("#!/bin/x", "/bin/x", nil), ("#!\n", nil, nil),
            ("#!   \n/bin/sh\n", nil, nil), ("#!/bin/y\0z\n", "/bin/y", nil),
        ] as [(String, String?, String?)])
    func script(text: String, interpreter: String?, argument: String?) throws {
        for size in [1, 5, 100] {
            let found = facts(Array(text.utf8), inPiecesOf: size)
            guard let interpreter else {
                #expect(found == nil)
                continue
            }
            guard case .script(let script) = found else {
                Issue.record("no script: \(text)")
                continue
            }
            #expect(script.interpreter == interpreter)
            #expect(script.argument == argument)
        }
    }

    @Test("a header that points anywhere costs no memory and no crash")
    func hostile() {
        var elf = ELFBuilder.x86(needed: 1).bytes
        // Every byte of the headers, set to what is worst.
        for place in 16..<120 {
            var bytes = elf
            for offset in place..<min(place + 8, elf.count) { bytes[offset] = 0xff }
            bytes += [UInt8](repeating: 0, count: 6000)
            _ = facts(bytes, inPiecesOf: 512)
        }
        elf.removeLast(10)
        #expect(facts(elf, inPiecesOf: 100) != nil)
    }

    @Test("no size of a segment is too large", arguments: [0x7000_0003, 3, 4, 0x6474_e553, 1] as [UInt32])
    func hugeSegment(type: UInt32) {
        for machine: UInt8 in [8, 40, 62] {
            var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
            bytes += [2, 0, machine, 0, 1, 0, 0, 0] + [UInt8](repeating: 0, count: 8)
            bytes += [64] + [UInt8](repeating: 0, count: 21)
            bytes += [56, 0, 1, 0, 64, 0, 0, 0, 0, 0]
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: type >> ($0 * 8)) } + [4, 0, 0, 0]
            bytes += [UInt8](repeating: 0, count: 24) + [UInt8](repeating: 0xff, count: 8)
            bytes += [UInt8](repeating: 0, count: 8000)
            #expect(facts(bytes, inPiecesOf: 4096) != nil)
        }
    }

    @Test("the facts of a layer are the same after they were stored, and equal ones are written once")
    func record() throws {
        var layer = LayerFacts()
        for (number, bytes) in Self.files.enumerated() {
            let found = try #require(facts(bytes, inPiecesOf: 4096))
            for copy in 0..<100 { layer.note(found, for: .sha256(of: Array("\(number) \(copy)".utf8))) }
        }
        let encoded = try layer.encoded
        #expect(LayerFacts(encoded: encoded) == layer)
        #expect(encoded.count < layer.files.count * 90)
        #expect(LayerFacts(encoded: Array(encoded.dropLast())) == nil)
        #expect(LayerFacts(encoded: []) == nil)
    }
}
