// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Testing

/// Small and the same everywhere, so that a failure can be repeated by its seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

@Suite("Hostile input")
struct FuzzTests {
    private static let seed = """
        # syntax=docker/dockerfile:1
        # escape=\\
        ARG V=1 W="a b"
        FROM --platform=$BUILDPLATFORM base:${V:-2} AS build
        ENV a=b c='d e' f=${W//x/y}
        ENV legacy value
        RUN --mount=type=cache,target=/c,sharing=locked --network=none make \\
            # comment

            all
        RUN <<-'EOF' cat <<B
        \tbody
        \tEOF
        b
        B
        COPY --from=build --chmod=u=rwX,go=rX --exclude=*.[ch] ["a", "\\u0041 b", "/d/"]
        HEALTHCHECK --interval=1m30s CMD ["x"]
        ONBUILD COPY <<E /x
        ${PATH%%:*} $a
        E
        EXPOSE 80/tcp $P 1-3
        STOPSIGNAL SIGTERM
        """

    private static let pieces = [
        "\\\n", "\n", "\"", "'", "$", "${", "}", "<<E", "\nE\n", "[", "]", "\r\n", "`", "#", "--", "=", "\u{0}", "é",
        "\u{301}",
        "**/", "!", "ONBUILD ", "RUN ", "COPY ", "ENV ", "[\"", "\\u", "%", "/", "\t", "\u{FEFF}", "\u{2028}",
    ]

    @Test("mutated Dockerfiles parse or fail, and what parses expands or fails", arguments: 0..<8 as Range<UInt64>)
    func mutations(_ seed: UInt64) {
        var random = SplitMix(state: seed)
        let original = Array(Self.seed.utf8)
        var parsed = 0
        for _ in 0..<150 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: 0...bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes.insert(contentsOf: (Self.pieces.randomElement(using: &random) ?? "").utf8, at: index)
                case 1: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 0...9, using: &random)))
                case 2: if index < bytes.count { bytes[index] = UInt8.random(in: 0...255, using: &random) }
                default: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 40)], at: 0)
                }
            }
            guard let dockerfile = try? Dockerfile(parsing: bytes) else { continue }
            parsed += 1
            for instruction in dockerfile.stages.flatMap(\.instructions) {
                #expect(instruction.lines.lowerBound >= 1 && instruction.lines.upperBound <= dockerfile.lines.count)
                let variables: Variables = ["a": "x", "P": "1 2", "W": "xx", "PATH": "/a:/b"]
                guard let expanded = try? instruction.expanded(with: variables, by: dockerfile.expander) else {
                    continue
                }
                _ = expanded.historyText()
            }
        }
        #expect(parsed > 0)
    }

    @Test("random patterns match or fail")
    func patterns() {
        var random = SplitMix(state: 1)
        let alphabet = Array("ab/*?[]^-\\!.é".unicodeScalars)
        func text(_ longest: Int) -> String {
            var view = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...longest, using: &random) {
                view.append(alphabet.randomElement(using: &random) ?? "a")
            }
            return String(view)
        }
        var compiled = 0
        for _ in 0..<3000 {
            let (patterns, path) = ([text(8), text(8)], text(12))
            if let ignore = try? IgnorePatterns(patterns) {
                compiled += 1
                // What can be skipped is ignored, and all that is below it.
                if ignore.canSkip(directory: path) {
                    #expect(ignore.matches(path))
                    #expect(ignore.matches(path + "/" + text(3) + "x"))
                }
            }
            _ = (try? PathPattern(patterns[0]))?.matches(path)
        }
        #expect(compiled > 100)
    }

    @Test(
        "a megabyte parses in time that grows with its length only",
        arguments: [
            "FROM a\n" + String(repeating: "RUN echo hello && \\\n  world \"$x\"\n", count: 31_000),
            "FROM a\nRUN " + String(repeating: "x 'y' <<z \\\n", count: 87_000),
            "FROM a\nENV " + String(repeating: "a=\"b c\"\\ d \\\n", count: 75_000),
            "FROM a\nRUN <<E\n" + String(repeating: "body ${x}\n", count: 100_000) + "E\n",
            "FROM a\nCMD " + String(repeating: "[ \\\n", count: 250_000),
            String(repeating: "# comment\n", count: 100_000) + "FROM a",
            "FROM a\n" + String(repeating: "ONBUILD \\\n", count: 100_000),
            "FROM a\nUSER " + String(repeating: "${a:-\\\n", count: 130_000),
            "FROM a\n" + String(repeating: "FROM a AS b\nCOPY --exclude=**/a*/** --chown=1 x y\n", count: 20_000),
            "FROM a\nRUN --mount=" + String(repeating: "ro,\\\n", count: 200_000) + " x",
        ])
    func megabyte(_ text: String) {
        #expect(text.utf8.count > 900_000)
        let time = ContinuousClock().measure {
            guard let dockerfile = try? Dockerfile(parsing: text) else { return }
            for instruction in dockerfile.stages.flatMap(\.instructions).prefix(1000) {
                _ = try? instruction.expanded(with: ["x": "y"], by: dockerfile.expander)
            }
        }
        #expect(time < .seconds(30))
    }

    @Test("a long row of stars costs no more than its length")
    func stars() throws {
        let value = String(repeating: "abc/", count: 50)
        let pattern = String(repeating: "*", count: 4000)
        let start = ContinuousClock.now
        for end in ["#", "##", "%", "%%"] {
            #expect(try Expander().expand("${v\(end)\(pattern)x}", with: ["v": value]) == value)
        }
        #expect(try Expander().expand("${v//\(pattern)x/y}", with: ["v": value]) == value)
        let time = ContinuousClock.now - start
        #expect(time < .seconds(20))
    }
}
