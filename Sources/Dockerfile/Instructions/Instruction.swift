// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// One instruction of a stage (or an ARG before the first), with where it stands and how it was written.
public struct Instruction: Hashable, Sendable {
    /// What it does, by its keyword; nothing in it is expanded before ``expanded(with:by:)``.
    public enum Kind: Hashable, Sendable {
        case add(Add)
        case argument([ArgumentDeclaration])
        case command(CommandForm)
        case copy(Copy)
        case entrypoint(CommandForm)
        case environment([NameValue])
        case expose([String])
        case healthcheck(Healthcheck)
        case label([NameValue])
        case maintainer(String)
        case onBuild(OnBuild)
        case run(Run)
        case shell([String])
        case stopSignal(String)
        case user(String)
        case volume([String])
        case workingDirectory(String)
    }

    /// The keyword in upper case.
    public let keyword: String
    /// The keyword as written, for remarks about its case.
    public let writtenKeyword: String
    public var kind: Kind
    /// The instruction as written, its lines joined and comments dropped: what progress shows.
    public let text: String
    /// Where it stands in the file, counted from one, heredocs included.
    public let lines: ClosedRange<Int>
    /// The comment lines directly above, without `#`.
    public let comments: [String]

    /// The keywords of all instructions.
    public static let keywords = [
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
        "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    ]

    /// An error about this instruction.
    public func error(_ message: String, culprit: String? = nil) -> DockerfileError {
        DockerfileError(message, lines: lines, culprit: culprit ?? writtenKeyword)
    }
}

/// A name and its value, as ENV and LABEL set them.
public struct NameValue: Hashable, Sendable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// One name of an ARG.
public struct ArgumentDeclaration: Hashable, Sendable {
    public var name: String
    /// The default; nil when there is no `=`, which is not the same as an empty one.
    public var defaultValue: String?
    /// What a comment above says about it: a line that begins with its name.
    public var documentation: String?

    public init(name: String, defaultValue: String? = nil, documentation: String? = nil) {
        self.name = name
        self.defaultValue = defaultValue
        self.documentation = documentation
    }
}

/// The two ways of writing a command.
public enum CommandForm: Hashable, Sendable {
    /// Text for the shell that SHELL sets.
    case shell(String)
    /// A program and its arguments: `["program", "argument"]`.
    case exec([String])

    init(_ node: Node) {
        self = node.isJSON ? .exec(node.words) : .shell(node.words.joined(separator: " "))
    }

    /// The arguments to execute, with `shell` in front of the shell form.
    public func arguments(shell: [String]) -> [String] {
        switch self {
        case .shell(let text): shell + [text]
        case .exec(let arguments): arguments
        }
    }
}

/// An instruction kept for the images that are built on this one.
public struct OnBuild: Hashable, Sendable {
    /// What goes into the config's `OnBuild`: the instruction as written, heredocs included.
    public var text: String

    public init(text: String) { self.text = text }
}
