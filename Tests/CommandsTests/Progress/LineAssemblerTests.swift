// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Commands
import Testing

@Suite struct LineAssemblerTests {
    private func lines(_ bytes: [UInt8]) -> [String] {
        var assembler = LineAssembler()
        let lines = assembler.append(bytes)
        return lines + (assembler.flush().map { [$0] } ?? [])
    }

    @Test(
        "makes lines, whatever a program prints",
        arguments: [
            ("one\ntwo\n", ["one", "two"]),
            ("one\n\ntwo", ["one", "", "two"]),
            ("dos\r\nline\r\n", ["dos", "line"]),
            ("10%\r50%\r100%\ndone\n", ["100%", "done"]),
            ("\r10%\r50%\r", ["50%"]),
            ("10%\u{1B}[1G100%\n", ["100%"]),
            ("10%\u{1B}[2K\u{1B}[0Gok\n", ["ok"]),
            ("bar\r\u{1B}[K\n", ["bar"]),
            ("|\u{8}/\u{8}-\u{8}done\n", ["done"]),
            ("é\u{8}e\n", ["e"]),
            ("\u{1B}[1;31mred\u{1B}[0m\n", ["red"]),
            ("up\u{1B}[3A\u{1B}[2Jclear\u{7}\n", ["upclear"]),
            ("\u{1B}]0;title\u{7}text\u{1B}]8;;http://x\u{1B}\\link\n", ["textlink"]),
            ("\u{1B}P1;2q~~\u{1B}\\after\n", ["after"]),
            ("\u{1B}(Bset\u{1B}=\u{1B}7\n", ["set"]),
            ("\u{1B}]never ended\nnext\n", ["", "next"]),
            ("\u{1B}[12\nnext\n", ["", "next"]),
            ("\u{1B}[31é\n", ["é"]),
            ("a\tb\u{0}\u{B}\u{7F}c\n", ["a\tbc"]),
            ("c1 \u{9B}31m \u{85} x\n", ["c1 31m  x"]),
            ("rtl \u{202E}txt.exe\n", ["rtl txt.exe"]),
        ])
    func text(input: String, expected: [String]) {
        #expect(lines(Array(input.utf8)) == expected)
        // The same must come out whatever way the bytes are cut.
        var assembler = LineAssembler()
        var single = Array(input.utf8).flatMap { assembler.append([$0]) }
        if let rest = assembler.flush() { single.append(rest) }
        #expect(single == expected)
    }

    @Test("replaces what is no UTF-8")
    func invalid() {
        #expect(lines([0x61, 0xFF, 0xC3, 0x0A]) == ["a\u{FFFD}\u{FFFD}"])
    }

    @Test("keeps a line that has no end until it has one")
    func partial() {
        var assembler = LineAssembler()
        #expect(assembler.append(Array("hal".utf8)) == [])
        #expect(assembler.partial == "hal")
        #expect(assembler.append(Array("f\nrest".utf8)) == ["half"])
        #expect(assembler.flush() == "rest")
        #expect(assembler.flush() == nil)
    }

    @Test("cuts a long line between characters", arguments: ["x", "é", "€", "😀"])
    func long(character: String) {
        let text = "a" + String(repeating: character, count: 50_000)
        let pieces = lines(Array(text.utf8))
        #expect(pieces.joined() == text)
        #expect(pieces.allSatisfy { $0.utf8.count <= LineAssembler.longestLine })
    }

    @Test("gives up on a command that goes on for ever")
    func endlessCommand() {
        let text = "\u{1B}]" + String(repeating: "x", count: 20_000) + "\n"
        #expect(lines(Array(text.utf8)).joined().count > 10_000)
    }

    @Test("bears anything at all")
    func noise() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let noise = (0..<300).map { _ in
                [UInt8(0x1B), 0x5B, 0x0D, 0x0A, 0x08, 0x41, .random(in: 0...255, using: &generator)]
                    .randomElement(using: &generator) ?? 0
            }
            for line in lines(noise) {
                #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F || $0 == "\t" })
            }
        }
    }
}
