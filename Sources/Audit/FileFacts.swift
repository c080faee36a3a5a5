// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What is known of a file that a machine could be asked to run; there is nothing of this to say of most files.
public enum FileFacts: Hashable, Sendable, Codable {
    case elf(ELFFacts)
    case script(ScriptFacts)
}

/// What the first line of a script says (execve(2), "Interpreter scripts").
public struct ScriptFacts: Hashable, Sendable, Codable {
    /// The interpreter, as it is written.
    public let interpreter: String
    /// The one argument that it gets before the script's name; it may have blanks in it.
    public let argument: String?

    /// So much of a script is looked at (`BINPRM_BUF_SIZE`).
    static let lineLimit = 256

    /// Reads the beginning of a file; nil when that is no such line, or names nothing.
    init?(_ bytes: some Collection<UInt8>) {
        guard bytes.starts(with: [0x23, 0x21]) else { return nil }
        let line = bytes.prefix(Self.lineLimit).dropFirst(2).prefix { $0 != 0x0a && $0 != 0 }
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        let words = line.drop(while: isBlank)
        let name = words.prefix { !isBlank($0) }
        guard !name.isEmpty else { return nil }
        interpreter = String(decoding: name, as: UTF8.self)
        let rest = Array(words.dropFirst(name.count).drop(while: isBlank))
        let end = rest.lastIndex { !isBlank($0) }
        argument = end.map { String(decoding: rest[...$0], as: UTF8.self) }
    }
}
