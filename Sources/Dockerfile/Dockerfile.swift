// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A Dockerfile, understood: stages with their instructions, each with the lines that it came from.
///
/// Nothing is expanded and nothing is looked up here; BuildKit's behaviour is the reference
/// (docs.docker.com/reference/dockerfile).
public struct Dockerfile: Hashable, Sendable {
    /// The parser directives at the top.
    public let directives: Directives
    /// ARG instructions before the first FROM, each with one or more declarations.
    public let globalArguments: [Instruction]
    /// The stages in order; never empty.
    public let stages: [Stage]
    /// Remarks of the parser, in the order of the lines.
    public let warnings: [Diagnostic]
    /// The physical lines, without their ends, for messages.
    public let lines: [String]

    /// How words are expanded in this file.
    public var expander: Expander { Expander(escape: directives.escape) }

    /// Parses a file's bytes, which should be UTF-8; what is not becomes U+FFFD.
    ///
    /// - Throws: ``DockerfileError``
    public init(parsing bytes: some Sequence<UInt8>) throws(DockerfileError) {
        try self.init(parsing: String(decoding: Array(bytes), as: UTF8.self))
    }

    /// Parses a file's text.
    ///
    /// - Throws: ``DockerfileError``
    public init(parsing text: String) throws(DockerfileError) {
        let lexer = try Lexer.lexed(text)
        directives = lexer.directives
        lines = lexer.lines

        var globalArguments: [Instruction] = []
        var stages: [Stage] = []
        var warnings = lexer.warnings
        for node in lexer.nodes {
            if node.keyword.lowercased() == "from" {
                stages.append(try Stage(node, index: stages.count))
                continue
            }
            let instruction = try Instruction(node, escape: directives.escape)
            if case .maintainer = instruction.kind {
                warnings.append(
                    Diagnostic(
                        rule: "MaintainerDeprecated",
                        message: "Maintainer instruction is deprecated in favor of using label", lines: node.lines))
            }
            if !stages.isEmpty {
                stages[stages.count - 1].instructions.append(instruction)
            } else if case .argument = instruction.kind {
                globalArguments.append(instruction)
            } else {
                throw DockerfileError(
                    "no build stage in current context: \(instruction.keyword) before the first FROM",
                    lines: node.lines, culprit: node.keyword)
            }
        }
        guard !stages.isEmpty else {
            throw DockerfileError("dockerfile contains no stages to build: there is no FROM", lines: nil)
        }
        self.globalArguments = globalArguments
        self.stages = stages
        self.warnings = warnings.sorted { $0.lines.lowerBound < $1.lines.lowerBound }
    }

    /// The stage of that name (compared without case) or else number.
    ///
    /// - Parameters:
    ///   - nameOrIndex: As `--target` and `COPY --from` have it.
    ///   - limit: Only stages before this index count; of several with one name, the last does.
    /// - Returns: nil when there is no such stage.
    public func stage(_ nameOrIndex: String, before limit: Int = .max) -> Stage? {
        let name = nameOrIndex.lowercased()
        let candidates = stages.prefix(limit)
        if let stage = candidates.last(where: { $0.name == name }) { return stage }
        guard let index = Int(nameOrIndex), candidates.indices.contains(index) else { return nil }
        return candidates[index]
    }

    /// The parsed lines as BuildKit's parser dumps them, one S-expression a line.
    package static func dump(parsing text: String) throws(DockerfileError) -> String {
        try Lexer.lexed(text).nodes.map { "(" + $0.dump + ")\n" }.joined()
    }
}

extension Lexer {
    static func lexed(_ text: String) throws(DockerfileError) -> Lexer {
        var lexer = Lexer(
            text: text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text)
        try lexer.run()
        return lexer
    }

}
