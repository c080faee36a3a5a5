// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// One FROM and what follows it.
public struct Stage: Hashable, Sendable {
    /// Its number in the file, from zero.
    public let index: Int
    /// What it starts from, not yet expanded: an image, an earlier stage, a named context or `scratch`.
    public var baseName: String
    /// `--platform`, not yet expanded.
    public var platform: String?
    /// The name after AS, in lower case; nil when it has none.
    public let name: String?
    /// The name as written, for remarks about its case.
    public let writtenName: String?
    /// The FROM line, joined.
    public let text: String
    /// Where FROM stands in the file.
    public let lines: ClosedRange<Int>
    /// What a comment above says about the stage: a line that begins with its name.
    public let documentation: String?
    /// The instructions after FROM.
    public internal(set) var instructions: [Instruction] = []

    init(_ node: Node, index: Int) throws(DockerfileError) {
        self.index = index
        lines = node.lines
        text = String(node.text.trimmed)
        let flags = try FlagReader(node, [.string("platform")])
        let words = node.words
        switch words.count {
        case 1:
            (name, writtenName) = (nil, nil)
        case 3 where words[1].lowercased() == "as":
            let lowered = words[2].lowercased()
            guard Self.isName(lowered) else {
                throw DockerfileError(
                    "invalid name for build stage: \(GoQuoting.quoted(words[2])), "
                        + "name can't start with a number or contain symbols",
                    lines: node.lines, culprit: words[2])
            }
            (name, writtenName) = (lowered, words[2])
        default:
            throw DockerfileError(
                "FROM requires either one or three arguments", lines: node.lines, culprit: words.dropFirst().first)
        }
        baseName = words[0]
        platform = flags.string("platform")
        documentation = name.flatMap { node.documentation(of: $0) }
    }

    /// Lower-case letter first, then letters, digits, `-`, `_`, `.`.
    private static func isName(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, ("a"..."z").contains(first) else { return false }
        return text.unicodeScalars.allSatisfy {
            ("a"..."z").contains($0) || $0.isASCIIDigit || $0 == "-" || $0 == "_" || $0 == "."
        }
    }

    /// The base and platform with variables replaced; FROM sees global arguments and platform arguments only.
    public func expanded(
        with variables: Variables, by expander: Expander, usage: inout VariableUsage
    ) throws(DockerfileError) -> Stage {
        var copy = self
        do throws(DockerfileError) {
            copy.baseName = try expander.expand(baseName, with: variables, usage: &usage)
            guard !copy.baseName.isEmpty else {
                throw DockerfileError("base name (\(baseName)) should not be blank", culprit: baseName)
            }
            if let platform {
                copy.platform = try expander.expand(platform, with: variables, usage: &usage)
                if copy.platform == "" {
                    throw DockerfileError("empty platform value from expression \(platform)", culprit: platform)
                }
            }
        } catch {
            throw error.at(lines)
        }
        return copy
    }

    /// As ``expanded(with:by:usage:)``, for those who don't ask which variables were met.
    public func expanded(with variables: Variables, by expander: Expander) throws(DockerfileError) -> Stage {
        var usage = VariableUsage()
        return try expanded(with: variables, by: expander, usage: &usage)
    }
}

extension Node {
    /// The comment line above that begins with `name` and a blank, without these.
    func documentation(of name: String) -> String? {
        comments.first { $0.startsWith(name + " ") }.map { String($0.dropFirst(name.count + 1)) }
    }
}
