// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

extension Instruction {
    /// Understands one lexed instruction other than FROM.
    init(_ node: Node, escape: Unicode.Scalar) throws(DockerfileError) {
        keyword = node.keyword.uppercased()
        writtenKeyword = node.keyword
        text = String(node.text.trimmed)
        lines = node.lines
        comments = node.comments
        do throws(DockerfileError) {
            kind = try Kind(node, keyword: keyword, escape: escape)
        } catch {
            throw error.at(node.lines)
        }
    }

    /// Parses an ONBUILD trigger, as the config of a base image holds it.
    ///
    /// - Parameters:
    ///   - trigger: The instruction's text, heredocs included.
    ///   - lines: The lines to blame: those of the FROM whose base brought the trigger along.
    /// - Throws: ``DockerfileError``, also for FROM, MAINTAINER and ONBUILD, which no trigger can be.
    public init(trigger: String, lines: ClosedRange<Int>) throws(DockerfileError) {
        do throws(DockerfileError) {
            let nodes = try Lexer.lexed(trigger).nodes
            guard nodes.count == 1, var node = nodes.first else {
                throw DockerfileError("onbuild trigger should be a single expression")
            }
            try Self.checkTrigger(node.keyword)
            node.lines = lines
            try self.init(node, escape: "\\")
        } catch {
            var error = error
            error.message = "in the base image's ONBUILD trigger \(GoQuoting.quoted(trigger)): \(error.message)"
            error.lines = lines
            error.culprit = nil
            throw error
        }
    }

    fileprivate static func checkTrigger(_ keyword: String) throws(DockerfileError) {
        switch keyword.uppercased() {
        case "ONBUILD":
            throw DockerfileError(
                "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", culprit: keyword)
        case "FROM", "MAINTAINER":
            throw DockerfileError("\(keyword.uppercased()) isn't allowed as an ONBUILD trigger", culprit: keyword)
        default:
            break
        }
    }
}

extension Instruction.Kind {
    fileprivate init(_ node: Node, keyword: String, escape: Unicode.Scalar) throws(DockerfileError) {
        switch keyword {
        case "ADD":
            self = .add(try Add(node))
        case "ARG":
            self = .argument(try Self.declarations(node))
        case "CMD":
            _ = try FlagReader(node, [])
            self = .command(CommandForm(node))
        case "COPY":
            self = .copy(try Copy(node))
        case "ENTRYPOINT":
            _ = try FlagReader(node, [])
            self = .entrypoint(CommandForm(node))
        case "ENV":
            self = .environment(try Self.pairs(node))
        case "EXPOSE":
            self = .expose(try Self.list(node).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        case "HEALTHCHECK":
            self = .healthcheck(try Healthcheck(node))
        case "LABEL":
            self = .label(try Self.pairs(node))
        case "MAINTAINER":
            self = .maintainer(try Self.single(node))
        case "ONBUILD":
            self = .onBuild(try OnBuild(node))
        case "RUN":
            self = .run(try Run(node))
        case "SHELL":
            _ = try FlagReader(node, [])
            guard !node.words.isEmpty else { throw Self.atLeastOneArgument(node) }
            guard node.isJSON else {
                throw DockerfileError("SHELL requires the arguments to be in JSON form", culprit: node.words.first)
            }
            self = .shell(node.words)
        case "STOPSIGNAL":
            // BuildKit reads no flags here, so one before the signal goes unnoticed there; here it is an error.
            self = .stopSignal(try Self.single(node))
        case "USER":
            self = .user(try Self.single(node))
        case "VOLUME":
            let volumes = try Self.list(node).map { String($0.trimmed) }
            guard !volumes.contains("") else {
                throw DockerfileError("VOLUME specified can not be an empty string")
            }
            self = .volume(volumes)
        case "WORKDIR":
            self = .workingDirectory(try Self.single(node))
        default:
            throw DockerfileError(
                "unknown instruction: \(node.keyword)", culprit: node.keyword,
                suggestion: Spelling.nearest(to: keyword, among: Instruction.keywords))
        }
    }

    private static func atLeastOneArgument(_ node: Node) -> DockerfileError {
        DockerfileError("\(node.keyword.uppercased()) requires at least one argument", culprit: node.keyword)
    }

    private static func single(_ node: Node) throws(DockerfileError) -> String {
        guard node.words.count == 1, let word = node.words.first else {
            throw DockerfileError("\(node.keyword.uppercased()) requires exactly one argument", culprit: node.keyword)
        }
        _ = try FlagReader(node, [])
        return word
    }

    private static func list(_ node: Node) throws(DockerfileError) -> [String] {
        guard !node.words.isEmpty else { throw atLeastOneArgument(node) }
        _ = try FlagReader(node, [])
        return node.words
    }

    /// ENV and LABEL; the lexer makes three words of each pair.
    private static func pairs(_ node: Node) throws(DockerfileError) -> [NameValue] {
        _ = try FlagReader(node, [])
        guard !node.words.isEmpty else { throw atLeastOneArgument(node) }
        return try stride(from: 0, to: node.words.count - 1, by: 3).map { index throws(DockerfileError) in
            let pair = NameValue(name: node.words[index], value: node.words[index + 1])
            guard !pair.name.isEmpty else {
                throw DockerfileError(
                    "\(node.keyword.uppercased()) names can not be blank", culprit: "=\(pair.value)")
            }
            return pair
        }
    }

    private static func declarations(_ node: Node) throws(DockerfileError) -> [ArgumentDeclaration] {
        guard !node.words.isEmpty else { throw atLeastOneArgument(node) }
        return try node.words.map { word throws(DockerfileError) in
            let (name, value) = word.cut(at: "=")
            guard !name.isEmpty else { throw DockerfileError("ARG names can not be blank", culprit: word) }
            return ArgumentDeclaration(
                name: String(name), defaultValue: value.map { String($0) },
                documentation: node.documentation(of: String(name)))
        }
    }
}

extension OnBuild {
    init(_ node: Node) throws(DockerfileError) {
        guard let trigger = node.trigger.first else {
            throw DockerfileError("ONBUILD requires at least one argument", culprit: node.keyword)
        }
        _ = try FlagReader(node, [])
        try Instruction.checkTrigger(trigger.keyword)
        var text = String(node.text.trimmed.dropFirst(node.keyword.count).trimmedLeft)
        for heredoc in node.heredocs { text += "\n" + heredoc.rawContent + heredoc.name }
        self.text = text
    }
}
