// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Audit

/// What a file that somebody wanted to execute is.
public struct ProgramFacts: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        case elf(ELFFacts)
        /// It begins with `#!`; the interpreter is as it stands there, with a carriage return when it has one.
        case script(interpreter: String?)
        case empty
        /// Text without `#!`.
        case text
        /// Something else, with what it is where that is known: `a gzip archive`.
        case other(String?)
    }

    /// The loader or interpreter that it names.
    public enum Interpreter: Hashable, Sendable {
        case missing(String)
        /// It is there; with what it is, when it is an ELF file.
        case present(String, ELFFacts?)
    }

    /// Where it is in the image.
    public let path: String
    public let content: Content
    /// Nil when it names none.
    public let interpreter: Interpreter?

    /// Whether anybody may execute it; nil when that is not known.
    public var isExecutable: Bool?

    public init(path: String, content: Content, interpreter: Interpreter? = nil, isExecutable: Bool? = nil) {
        self.isExecutable = isExecutable
        self.path = path
        self.content = content
        self.interpreter = interpreter
    }

    /// Looks at a file; nil when it is not there.
    ///
    /// - Parameter read: gives the bytes of a file at an offset, fewer at its end; nil when there is no such file.
    public init?(path: String, read: (_ path: String, _ offset: UInt64, _ count: Int) -> [UInt8]?) {
        guard let first = read(path, 0, 4096) else { return nil }
        self.path = path
        content = Self.content(first, path, read)
        let name: String? =
            switch content {
            case .elf(let facts): facts.interpreter
            case .script(let interpreter): interpreter
            case .empty, .text, .other: nil
            }
        interpreter = name.map { name in
            guard let first = read(name, 0, 4096) else { return .missing(name) }
            return .present(name, Self.elf(first, name, read))
        }
    }

    private static func elf(
        _ first: [UInt8], _ path: String, _ read: (String, UInt64, Int) -> [UInt8]?
    ) -> ELFFacts? {
        // What the closure reads does not outlive this call.
        withoutActuallyEscaping(read) { read in ELFFacts(first: first) { read(path, $0, $1) ?? [] } }
    }

    private static func content(
        _ first: [UInt8], _ path: String, _ read: (String, UInt64, Int) -> [UInt8]?
    ) -> Content {
        guard !first.isEmpty else { return .empty }
        if let facts = elf(first, path, read) { return .elf(facts) }
        if first.starts(with: Array("#!".utf8)) {
            let line = first.dropFirst(2).prefix { $0 != 0x0a }.prefix(255)
            let words = line.drop { $0 == 0x20 || $0 == 0x09 }.prefix { $0 != 0x20 && $0 != 0x09 }
            return .script(interpreter: words.isEmpty ? nil : String(decoding: words, as: UTF8.self))
        }
        for (magic, name) in magics where first.starts(with: magic) { return .other(name) }
        let beginning = String(decoding: first.prefix(64), as: UTF8.self).lowercased().drop { $0.isWhitespace }
        if beginning.hasPrefix("<!doctype html") || beginning.hasPrefix("<html") {
            return .other("an HTML page, most likely the error page of a server that it was downloaded from")
        }
        let isText = !first.contains { $0 < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d, 0x1b].contains($0) }
        return isText ? .text : .other(nil)
    }

    private static let magics: [([UInt8], String)] = [
        ([0x1f, 0x8b], "a gzip archive"), ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "an xz archive"),
        ([0x28, 0xb5, 0x2f, 0xfd], "a zstd archive"), ([0x42, 0x5a, 0x68], "a bzip2 archive"),
        ([0x50, 0x4b, 0x03, 0x04], "a zip archive"), ([0x4d, 0x5a], "a program for Windows"),
        ([0xcf, 0xfa, 0xed, 0xfe], "a program for macOS"), ([0xca, 0xfe, 0xba, 0xbe], "a program for macOS or Java"),
        ([0x7f, 0x45, 0x4c, 0x46], "the beginning of a program: the rest is missing"),
        ([0xef, 0xbb, 0xbf, 0x23, 0x21], "a script with a byte order mark before its #!"),
        (Array("!<arch>".utf8), "a library or a package to be unpacked"),
        (Array("version https://git-lfs".utf8), "a pointer of Git LFS, not the file itself"),
    ]
}
