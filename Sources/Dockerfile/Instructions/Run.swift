// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// RUN.
public struct Run: Hashable, Sendable {
    /// What is executed.
    public enum Command: Hashable, Sendable {
        /// Text for the shell; bodies of heredocs are in it.
        case shell(String)
        /// A program and its arguments.
        case exec([String])
        /// A script with a `#!` line: written with mode 0755 to `/dev/pipes/NAME`, which the shell then runs.
        case script(name: String, content: String)

        /// Where a script is put.
        public static let scriptDirectory = "/dev/pipes"

        /// The arguments to execute.
        public func arguments(shell: [String]) -> [String] {
            switch self {
            case .shell(let text): shell + [text]
            case .exec(let arguments): arguments
            case .script(let name, _): shell + ["\(Self.scriptDirectory)/\(name)"]
            }
        }
    }

    /// `--network`.
    public enum Network: String, Hashable, Sendable, CaseIterable {
        case `default`, none, host
    }

    /// `--security`.
    public enum Security: String, Hashable, Sendable, CaseIterable {
        case sandbox, insecure
    }

    public var command: Command
    /// `--mount` values as written.
    public var mountTexts: [String]
    /// The mounts; filled by ``Instruction/expanded(with:by:)``, since variables may stand in them.
    public var mounts: [RunMount] = []
    /// The stages and images that mounts are taken from, in order; known before variables are.
    public var mountOrigins: [String] { mountTexts.compactMap(RunMount.origin) }
    public var network: Network
    public var security: Security
    /// `--device` values.
    public var devices: [String]

    init(_ node: Node) throws(DockerfileError) {
        let flags = try FlagReader(
            node, [.strings("mount"), .string("network"), .string("security"), .strings("device")])
        network = try Self.choice(flags.string("network"), "network", default: .default)
        security = try Self.choice(flags.string("security"), "security", default: .sandbox)
        devices = flags.strings("device")
        mountTexts = flags.strings("mount")
        command = try Self.command(node)
        for text in mountTexts {
            try RunMount.check(text)
            // What holds no variable need not wait for its instruction to be reached.
            if !text.contains("$") { _ = try RunMount(text) }
        }
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ value: String?, _ flag: String, default: Choice
    ) throws(DockerfileError) -> Choice where Choice.RawValue == String {
        guard let value else { return `default` }
        guard let choice = Choice(rawValue: value) else {
            let all = Choice.allCases.map(\.rawValue)
            throw DockerfileError(
                "\(flag) \(GoQuoting.quoted(value)) is not valid (wanted: \(all.joined(separator: ", ")))",
                culprit: "--\(flag)=\(value)", suggestion: Spelling.nearest(to: value, among: all))
        }
        return choice
    }

    private static func command(_ node: Node) throws(DockerfileError) -> Command {
        guard !node.words.isEmpty else {
            throw DockerfileError("RUN requires at least one argument", culprit: node.keyword)
        }
        if node.isJSON { return .exec(node.words) }
        let text = node.words.joined(separator: " ")
        guard let first = node.heredocs.first else { return .shell(text) }
        if (try? Heredoc(word: text)) != nil {
            let content = first.content
            return content.startsWith("#!") ? .script(name: first.name, content: content) : .shell(content)
        }
        // The shell of the step reads the heredocs itself, so it gets them as they were.
        return .shell(node.heredocs.reduce(text) { $0 + "\n" + $1.rawContent + $1.name })
    }
}
