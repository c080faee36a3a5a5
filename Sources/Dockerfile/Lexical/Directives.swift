// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The parser directives at the top of a Dockerfile: comments of the form `# key=value`.
public struct Directives: Hashable, Sendable {
    /// `# syntax=`: the front end that the author had in mind.
    public var syntax: String?
    /// `# escape=`: what continues a line and takes away the meaning of the next character.
    public var escape: Unicode.Scalar = "\\"
    /// `# check=`: which lint rules to skip, and whether their findings are errors; not interpreted here.
    public var check: String?
    /// The line of each directive, by its name.
    public var lines: [String: Int] = [:]

    public init() {}

    static let names: Set = ["syntax", "escape", "check"]

    /// Reads a comment line as a directive.
    static func directive(in line: some StringProtocol) -> (name: String, value: String)? {
        guard line.unicodeScalars.first == "#" else { return nil }
        let text = line.unicodeScalars.dropFirst().drop(while: \.isSpace)
        guard let first = text.first, first.isASCIILetter else { return nil }
        let name = text.prefix { $0.isASCIILetter || $0.isASCIIDigit }
        let rest = text.dropFirst(name.count).drop(while: \.isSpace)
        guard rest.first == "=" else { return nil }
        let value = String(rest.dropFirst()).trimmed
        let key = String(name).lowercased()
        guard !value.isEmpty, names.contains(key) else { return nil }
        return (key, String(value))
    }

    /// Takes in one directive.
    mutating func set(_ name: String, to value: String, line: Int) throws(DockerfileError) {
        guard lines[name] == nil else {
            throw DockerfileError("only one \(name) parser directive can be used", lines: line...line, culprit: name)
        }
        lines[name] = line
        switch name {
        case "syntax":
            syntax = String(value.cut(at: " ").before)
        case "check":
            check = value
        default:
            guard value == "\\" || value == "`", let scalar = value.unicodeScalars.first else {
                throw DockerfileError(
                    "invalid escape token '\(value)' does not match ` or \\", lines: line...line, culprit: value)
            }
            escape = scalar
        }
    }

    /// The remark about a front end that is not the Dockerfile's own, whose extensions are not known here.
    var warning: Diagnostic? {
        guard let syntax, let line = lines["syntax"] else { return nil }
        var name = Substring(syntax)
        for prefix in ["docker.io/", "index.docker.io/"] where name.startsWith(prefix) {
            name = name.dropFirst(prefix.count)
        }
        let repository = name.prefix { $0 != ":" && $0 != "@" }
        guard repository != "docker/dockerfile", repository != "docker/dockerfile-upstream" else { return nil }
        return Diagnostic(
            rule: "UnknownSyntaxDirective",
            message: "the front end \(syntax) is not run; the file is read as docker/dockerfile:1",
            lines: line...line)
    }
}
