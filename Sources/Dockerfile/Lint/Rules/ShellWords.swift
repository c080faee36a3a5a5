// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// The words of a shell command, well enough to look for names in them.
enum ShellWords {
    private static let separators = Set(" \t\r\n\"'`;|&()<>,{}[]".utf8)

    /// The pieces between blanks, quotes and operators.
    static func split(_ text: String) -> [Substring] {
        text.utf8.split(whereSeparator: separators.contains).map { Substring($0) }
    }
}

extension Run {
    /// What is executed, as one text.
    var text: String {
        switch command {
        case .shell(let text): text
        case .exec(let arguments): arguments.joined(separator: " ")
        case .script(_, let content): content
        }
    }
}

/// Spellings of architectures, as they stand in names of files and packages.
enum Architecture {
    /// Those that hardly mean anything else, longest first.
    static let spellings = [
        "powerpc64le", "loongarch64", "mips64el", "mips64le", "riscv64", "aarch64", "arm64v8", "ppc64le", "ppc64el",
        "loong64", "x86_64", "x86-64", "armv7l", "armv6l", "amd64", "arm64", "armv7", "armv6", "armhf", "armel",
        "s390x",
        "i386", "i686",
    ]
    /// Those that mean an architecture only after `linux-` or in `GOARCH=`.
    static let ambiguous = ["x64", "x86", "386", "arm"]

    /// The architecture in Go's spelling.
    static func named(_ spelling: String) -> String? {
        // The kernel's x86 is what Go calls 386; Alpine's, too.
        spelling == "x86" ? "386" : (try? Platform(spelling))?.architecture
    }

    /// Those of ``spellings`` that stand in `word` with neither letter nor digit at either side, in their order.
    static func spellings(in word: String) -> [String] {
        var word = word
        return word.withUTF8 { bytes in
            var found: [Int] = []
            for start in bytes.indices where start == 0 || !isWordByte(bytes[start - 1]) {
                for (index, wanted) in byFirstByte[bytes[start]] ?? [] {
                    let end = start + wanted.count
                    guard end <= bytes.count, end == bytes.count || !isWordByte(bytes[end]),
                        bytes[start..<end].elementsEqual(wanted), !found.contains(index)
                    else { continue }
                    found.append(index)
                }
            }
            return found.sorted().map { spellings[$0] }
        }
    }

    private static let byFirstByte = Dictionary(
        grouping: spellings.enumerated().map { (index: $0, bytes: Array($1.utf8)) }, by: { $0.bytes.first ?? 0 })

    /// Where `spelling` stands in `word` with neither letter nor digit at either side.
    static func occurs(_ spelling: String, in word: String) -> Bool {
        let bytes = Array(word.utf8)
        let wanted = Array(spelling.utf8)
        guard wanted.count <= bytes.count else { return false }
        for start in 0...(bytes.count - wanted.count) where bytes[start] == wanted[0] {
            let end = start + wanted.count
            guard bytes[start..<end].elementsEqual(wanted) else { continue }
            if start > 0, isWordByte(bytes[start - 1]) { continue }
            if end < bytes.count, isWordByte(bytes[end]) { continue }
            return true
        }
        return false
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// Whether a stage's name says that it is for one architecture, as `build-arm64` does.
    static func isNamed(in stage: Stage) -> Bool {
        guard let name = stage.name else { return false }
        return (spellings + ["386", "arm", "x86", "x64", "arm32v5", "arm32v6", "arm32v7"]).contains {
            occurs($0, in: name)
        }
    }
}
