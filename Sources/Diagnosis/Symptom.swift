// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What a line that a command printed says of its failure.
public enum Symptom: Hashable, Sendable {
    /// A file could not be executed: it is no program for this machine. The names that may be the file's.
    case notExecutable([String])
    /// A file was not found though it may be there, as its loader or interpreter is not.
    case notFound([String])
    /// A shell read a file as a script, which it may not be.
    case notUnderstood([String])
    /// A file may not be executed. The names that may be the file's.
    case notPermitted([String])
    /// A library is not there.
    case missingLibrary(String)
    /// The name of an interpreter ends in a carriage return.
    case carriageReturn
    /// QEMU did not find a program's loader.
    case emulatorMissesLoader(String)
    /// QEMU ended a program with a signal that the program did not handle.
    case emulatedSignal(Int)
    /// QEMU itself failed; its words.
    case emulatorFailure(String)
    /// QEMU found no room for the memory of a 32-bit program.
    case noAddressSpace
    case unknownProcessor(String)
    case unsupportedSystemCall(String)
    case illegalInstruction
    case valueTooLarge
    case outOfMemory
    case killed
    case diskFull
    /// Ids could not be set or given.
    case idRefused
    /// A set-uid program is not root.
    case notSetUserID(String)

    /// Reads a line.
    public init?(_ line: String) {
        let text = line.lowercased()
        func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        if says("uncaught target signal"), let number = Self.number(after: "target signal ", in: text) {
            self = .emulatedSignal(number)
        } else if says("qemu internal sig", "qemu: fatal:", "tcg fatal error", "/accel/tcg/", "/tcg/tcg.c") {
            self = .emulatorFailure(line)
        } else if says("could not open '"), let path = Self.quoted(line), path.contains("/ld") {
            self = .emulatorMissesLoader(path)
        } else if says("unable to find cpu model") {
            self = .unknownProcessor(Self.quoted(line) ?? "")
        } else if says("unable to reserve 0x", "unable to find a guest_base", "guest_base") && says("qemu") {
            self = .noAddressSpace
        } else if says("qemu: unsupported syscall") {
            self = .unsupportedSystemCall(Self.number(after: "syscall: ", in: text).map(String.init) ?? "")
        } else if says(
            "exec format error", "cannot execute binary file", "invalid elf image for this architecture",
            "exec init error")
        {
            self = .notExecutable(Self.names(in: line))
        } else if says("\\r': no such file", "\\r’: no such file", "^m: bad interpreter", "\r: bad interpreter") {
            self = .carriageReturn
        } else if says("error while loading shared libraries", "error loading shared library") {
            // Of glibc's loader and of musl's.
            let mark = says("loading shared libraries: ") ? "libraries: " : "library "
            self = .missingLibrary(Self.word(after: mark, in: line))
        } else if text.hasSuffix("permission denied") {
            self = .notPermitted(Self.names(in: line))
        } else if says("required file not found", "bad interpreter", "bad elf interpreter", "no such file or directory")
            || text.hasSuffix(": not found")
        {
            self = .notFound(Self.names(in: line))
        } else if says("syntax error", "wrong elf class", "\u{7f}elf", "unterminated quoted string") {
            self = .notUnderstood(Self.names(in: line))
        } else if says("illegal instruction") {
            self = .illegalInstruction
        } else if says("value too large for defined data type", "eoverflow") {
            self = .valueTooLarge
        } else if says("no space left on device", "enospc", "disk quota exceeded") {
            self = .diskFull
        } else if says(
            "cannot allocate memory", "virtual memory exhausted", "std::bad_alloc", "heap out of memory",
            "memoryerror", "memory exhausted")
        {
            self = .outOfMemory
        } else if says("killed signal terminated program", "signal: killed", "signal: 9, sigkill") || text == "killed"
            || text.hasSuffix(" killed") || text.contains(" killed  ")
        {
            self = .killed
        } else if says("effective uid is not 0", "must be suid", "setuid bit set", "must be setuid") {
            self = .notSetUserID(Self.names(in: line).first ?? "")
        } else if Self.isAboutIDs(text) {
            self = .idRefused
        } else {
            return nil
        }
    }

    /// What the lines say, in their order.
    public static func all(in lines: [String]) -> [Symptom] { lines.compactMap { Symptom($0) } }

    /// The names that may be those of the file that the line is about.
    public var programs: [String] {
        switch self {
        case .notExecutable(let names), .notFound(let names), .notUnderstood(let names), .notPermitted(let names): names
        default: []
        }
    }

    private static func isAboutIDs(_ text: String) -> Bool {
        let calls = ["setgroups", "seteuid", "setegid", "setresuid", "setresgid", "chown", "change ownership"]
        let refusals = ["invalid argument", "operation not permitted", "22:", "1:"]
        return calls.contains { text.contains($0) } && refusals.contains { text.contains($0) }
    }

    /// The parts of a message such as `sh: 1: ./x: not found` that may be names of files, the last first: before them
    /// stands who says it.
    private static func names(in line: String) -> [String] {
        var names: [String] = []
        func add(_ word: Substring) {
            if names.count < 16, word.utf8.count <= 4096, Int(word) == nil, !names.contains(String(word)) {
                names.append(String(word))
            }
        }
        for part in line.split(separator: ":").reversed() {
            let words = part.split(separator: " ").map(bare).filter { !$0.isEmpty }
            if words.count == 1 { add(words[0]) }
            // Any word of a sentence may be a program's, too; a path is meant as one.
            for word in words.reversed() where word.contains("/") { add(word) }
        }
        return names
    }

    private static func bare(_ word: Substring) -> Substring {
        let start = word.drop { quotes.contains($0) }
        return start.lastIndex { !quotes.contains($0) }.map { start[...$0] } ?? ""
    }

    private static let quotes: Set<Character> = ["'", "\"", "`", "‘", "’", "“", "”", "(", ")", "[", "]", ","]

    private static func word(after mark: String, in line: String) -> String {
        guard let range = line.firstRange(of: mark) else { return "" }
        return String(line[range.upperBound...].prefix { $0 != ":" && $0 != " " })
    }

    private static func quoted(_ line: String) -> String? {
        let parts = line.split(separator: "'", omittingEmptySubsequences: false)
        return parts.count >= 3 ? String(parts[1]) : nil
    }

    private static func number(after words: String, in text: String) -> Int? {
        guard let range = text.firstRange(of: words) else { return nil }
        return Int(text[range.upperBound...].prefix { $0.isASCII && $0.isNumber })
    }
}
