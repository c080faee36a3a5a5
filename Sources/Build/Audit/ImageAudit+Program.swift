// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Audit
import Dockerfile
import Layers
import OCI

/// The image's own program: what ENTRYPOINT and CMD start.
extension ImageAudit {
    /// The most that starts each other: a script, its interpreter, that one's loader.
    private static let longestChain = 6

    /// Looks at the program and everything that it needs to be started.
    mutating func auditProgram() {
        let entrypoint = image.config.entrypoint ?? []
        let command = image.config.cmd ?? []
        let role = entrypoint.isEmpty ? "CMD" : "ENTRYPOINT"
        let words = entrypoint + command
        guard let name = words.first, !name.isEmpty else { return }
        guard let file = program(name) else {
            let path = name.contains("/") ? absolute(name) : nil
            if !isIncomplete, !image.layers.isEmpty, !(path.map(isInVolume) ?? false) {
                add(
                    .missing,
                    path == nil
                        ? "\(role) names \(name), which is nowhere in the image's PATH"
                        : "is named by \(role), and the image does not have it", at: nil, path: path,
                    remedy: "check the path; what is missing here cannot be started")
            }
            return
        }
        auditChain(file, role: role)
        for other in wrapped(by: words, entrypoint: entrypoint, file) {
            if let found = program(other.name) { auditChain(found, role: other.role) }
        }
    }

    /// Follows what starts what, from a program to the loader that the kernel runs.
    private mutating func auditChain(_ first: Found, role: String) {
        var next: Found? = first
        for step in 0..<Self.longestChain {
            guard let file = next, programFiles.insert(file.path).inserted else { return }
            let part = step == 0 ? role : "for \(role)"
            if step == 0, file.entry.mode & 0o111 == 0 {
                add(
                    .notProgram, "has no permission to be executed (mode \(String(file.entry.mode, radix: 8)))",
                    at: file, role: part, remedy: "set it, as with COPY --chmod=755")
            }
            switch file.facts {
            case .elf(let facts):
                let fit = PlatformFit(of: facts, on: platform)
                judge(facts, fit, at: file, role: part)
                switch fit {
                case .fits, .fitsAs: break
                case .foreign, .needsNewer, .notRun: return
                }
                next = facts.interpreter.flatMap { audit($0, of: facts, at: file, role: part) }
            case .script(let script): next = interpreter(of: script, at: file, role: part)
            case nil:
                add(
                    .notProgram, "is neither an ELF program nor a script that begins with #!", at: file, role: part,
                    remedy: "a shell may run it all the same; engines say \"exec format error\"")
                return
            }
        }
    }

    /// The programs that the words start besides the first, where that is plain to see.
    private func wrapped(
        by words: [String], entrypoint: [String], _ file: Found
    ) -> [(name: String, role: String)] {
        let role = entrypoint.isEmpty ? "CMD" : "ENTRYPOINT"
        let base = words[0].split(separator: "/").last.map(String.init) ?? ""
        if Self.shells.contains(base), words.count > 2, words[1] == "-c" {
            return Self.firstWord(ofLine: words[2]).map { [($0, role)] } ?? []
        }
        if Self.wrappers.contains(base) {
            return Self.word(after: words, base).map { name in
                [(name, words.firstIndex(of: name).map { $0 >= entrypoint.count } == true ? "CMD" : role)]
            } ?? []
        }
        // A script that is an ENTRYPOINT usually ends in exec "$@".
        if case .script = file.facts, entrypoint.count == 1, let command = image.config.cmd?.first,
            Self.isPlainWord(command)
        {
            return [(command, "CMD")]
        }
        return []
    }

    private static let shells: Set<String> = ["sh", "bash", "dash", "ash", "zsh", "ksh"]
    private static let wrappers: Set<String> = ["env", "tini", "dumb-init", "exec", "nohup", "catatonit"]

    /// The word that a wrapper runs: the first that is no option and sets no variable.
    private static func word(after words: [String], _ wrapper: String) -> String? {
        for word in words.dropFirst() {
            if word == "--" { continue }
            if wrapper == "env", word.contains("="), word.first != "-" { continue }
            // An option may take the next word.
            return isPlainWord(word) ? word : nil
        }
        return nil
    }

    /// The program that a line for a shell starts first, where no shell is needed to tell.
    private static func firstWord(ofLine line: String) -> String? {
        for word in line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\n" }) {
            guard isPlainWord(word) else { return nil }
            if word == "exec" || word.contains("=") { continue }
            return String(word)
        }
        return nil
    }

    /// The file that a name stands for, as execvp(3) looks for it.
    func program(_ name: String) -> Found? {
        if name.contains("/") { return file(absolute(name)) }
        let list = image.config.env?.last { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? StageState.defaultPath[...]
        for folder in list.split(separator: ":") {
            if let found = file(absolute("\(folder)/\(name)")) { return found }
        }
        return nil
    }

    private func absolute(_ path: String) -> String {
        Paths.resolve(path, against: Paths.resolve(image.config.workingDir ?? "", against: "/"))
    }
}
