// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

extension LintRule {
    static let hardcodedArchitecture = LintRule(
        "HardcodedArchitecture", "A platform argument belongs where an architecture is spelled out", kind: .own
    ) { scan in
        scan.countedStages.flatMap { stage -> [Diagnostic] in
            guard stage.pin != .fixed, !Architecture.isNamed(in: stage.stage), !stage.hasPrefixedBase else {
                return []
            }
            return stage.instructions.compactMap { instruction in
                guard let found = hardcoded(in: instruction, pin: stage.pin),
                    // In a build for nothing else it is right.
                    scan.context.platforms.map(\.architecture) != [found.architecture]
                else { return nil }
                return Diagnostic(
                    rule: "HardcodedArchitecture",
                    message: "'\(found.word)' is for \(found.architecture) only; \(advice(for: found, instruction))",
                    lines: scan.dockerfile.line(of: found.word, in: instruction.written.lines))
            }
        }
    }

    private struct Found {
        var word: String
        var spelling: String
        var architecture: String
    }

    private static func advice(for found: Found, _ instruction: InstructionScan) -> String {
        if found.spelling == found.architecture { return "use $TARGETARCH (with ARG TARGETARCH in the stage)" }
        guard case .run = instruction.written.kind else {
            return "choose by $TARGETARCH (with ARG TARGETARCH in the stage)"
        }
        return switch found.spelling {
        case "armhf", "armel", "ppc64el": "use $(dpkg --print-architecture), or choose by $TARGETARCH"
        case "x86_64", "aarch64", "armv7l", "armv6l", "i686": "use $(uname -m), or choose by $TARGETARCH"
        default: "choose by $TARGETARCH (with ARG TARGETARCH in the stage)"
        }
    }

    /// What asks which architecture it is, and so knows what it does.
    private static let questions = [
        "TARGETARCH", "TARGETPLATFORM", "TARGETVARIANT", "BUILDARCH", "BUILDPLATFORM", "uname -m", "uname -p",
        "uname -a", "print-architecture", "print-arch", "dpkg-architecture", "$(arch)", "`arch`", "rpm --eval",
        "HOSTTYPE",
        "MACHTYPE",
    ]

    private static func hardcoded(in instruction: InstructionScan, pin: StageScan.Pin) -> Found? {
        let words: [String]
        let places: Places
        switch instruction.written.kind {
        case .run(let run):
            guard !questions.contains(where: run.text.contains) else { return nil }
            words = ShellWords.split(run.text).map { String($0) }
            places = .command
        case .environment(let pairs):
            words = pairs.map { "\($0.name)=\($0.value)" }
            places = .command
        case .add(let add):
            words = add.transfer.sources
            places = .file
        case .copy(let copy) where copy.from == nil:
            words = copy.transfer.sources
            places = .file
        default:
            return nil
        }
        guard !words.contains(where: { word in questions.contains(where: word.contains) }) else { return nil }
        var architectures: Set<String> = []
        var first: Found?
        for word in words where word.utf8.count < 4096 {
            let lowered = word.lowercased()
            for spelling in Architecture.spellings(in: lowered) {
                guard let architecture = Architecture.named(spelling) else { continue }
                architectures.insert(architecture)
                if first == nil, places.accept(lowered, naming: spelling, pin) {
                    first = Found(word: word, spelling: spelling, architecture: architecture)
                }
            }
            guard lowered.contains("linux") || lowered.startsWith("goarch=") else { continue }
            for spelling in Architecture.ambiguous where Places.isExplicit(lowered, spelling) {
                guard let architecture = Architecture.named(spelling) else { continue }
                architectures.insert(architecture)
                if first == nil, places.accept(lowered, naming: spelling, pin) {
                    first = Found(word: word, spelling: spelling, architecture: architecture)
                }
            }
        }
        // Where there are several, somebody has thought of them.
        return architectures.count == 1 ? first : nil
    }
}

/// Where in an instruction a word stands, which decides how much it must look like a name to count.
private enum Places {
    case command, file

    private static let endings = [
        ".gz", ".tgz", ".xz", ".txz", ".bz2", ".zst", ".zip", ".tar", ".deb", ".rpm", ".apk", ".run", ".bin",
        ".appimage",
    ]
    /// Tools for other architectures and emulators are named after what they are for, wherever they run.
    private static let tools = ["qemu", "gcc", "g++", "clang", "binutils", "cross", "libc6-", "-ld"]

    func accept(_ word: String, naming spelling: String, _ pin: StageScan.Pin) -> Bool {
        guard !Self.tools.contains(where: word.contains) else { return false }
        // What runs on the machine that builds may well be fetched for it, but must not be made for it.
        if pin == .build { return word.startsWith("goarch=") }
        if self == .file { return true }
        if word.contains("linux") || word.contains("://") || Self.endings.contains(where: word.hasSuffix) {
            return true
        }
        let (before, after) = word.cut(at: "=")
        return (after ?? before).startsWith("/") || Self.isAssignment(word, of: spelling)
            || word.hasSuffix(":" + spelling) || Self.isExplicit(word, spelling)
    }

    /// `GOARCH=amd64`, `--arch=arm64`.
    private static func isAssignment(_ word: String, of spelling: String) -> Bool {
        let (key, value) = word.cut(at: "=")
        return value.map { String($0) == spelling } == true && (key.hasSuffix("arch") || key.hasSuffix("platform"))
    }

    static func isExplicit(_ word: String, _ spelling: String) -> Bool {
        word == "goarch=" + spelling
            || ["linux-", "linux_", "linux/"].contains { word.contains($0 + spelling) }
                && Architecture.occurs(spelling, in: word)
    }
}

extension Dockerfile {
    /// The first line that has the word, of an instruction's lines; all of them when none has it.
    fileprivate func line(of word: String, in range: ClosedRange<Int>) -> ClosedRange<Int> {
        for number in range where number <= lines.count && lines[number - 1].contains(word) { return number...number }
        return range
    }
}
