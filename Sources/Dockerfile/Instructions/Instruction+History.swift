// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// What a history line says of an instruction besides the instruction itself.
public struct HistoryContext: Hashable, Sendable {
    /// What SHELL has set, for shell forms.
    public var shell: [String]
    /// The working directory that a WORKDIR is relative to.
    public var workingDirectory: String
    /// The ARGs that a RUN sees, in the order in which they were declared, with their values.
    public var arguments: Variables

    public init(
        shell: [String] = ["/bin/sh", "-c"], workingDirectory: String = "/", arguments: Variables = Variables()
    ) {
        self.shell = shell
        self.workingDirectory = workingDirectory
        self.arguments = arguments
    }
}

extension Instruction {
    /// The `created_by` of the instruction in an image's history, as BuildKit writes it; nil for ONBUILD, which
    /// leaves none. Call it on an expanded instruction; an ARG's values are those that it ended up with.
    public func historyText(_ context: HistoryContext = HistoryContext()) -> String? {
        switch kind {
        case .add(let add):
            return add.transfer.historyText("ADD")
        case .argument(let declarations):
            let words = declarations.map { $0.defaultValue.map { [$0] } ?? [] }
            return "ARG "
                + zip(declarations, words).map { ([$0.name] + $1).joined(separator: "=") }.joined(separator: " ")
        case .command(let form):
            return "CMD " + GoQuoting.quoted(form.arguments(shell: context.shell))
        case .copy(let copy):
            return copy.transfer.historyText(copy.parents ? "COPY --parents" : "COPY")
        case .entrypoint(let form):
            return "ENTRYPOINT " + GoQuoting.quoted(form.arguments(shell: context.shell))
        case .environment(let pairs):
            return "ENV " + Self.text(pairs)
        case .expose(let words):
            return "EXPOSE " + Self.text((try? ExposedPorts.parse(words)) ?? words)
        case .healthcheck(let check):
            return "HEALTHCHECK " + check.historyText
        case .label(let pairs):
            return "LABEL " + Self.text(pairs)
        case .maintainer(let name):
            return "MAINTAINER " + name
        case .onBuild:
            return nil
        case .run(let run):
            var words = context.arguments.lines
            if !words.isEmpty { words.insert("|\(words.count)", at: 0) }
            words += run.command.arguments(shell: context.shell)
            return "RUN " + words.joined(separator: " ") + " # buildkit"
        case .shell(let arguments):
            return "SHELL " + Self.text(arguments)
        case .stopSignal(let signal):
            return "STOPSIGNAL " + signal
        case .user(let user):
            return "USER " + user
        case .volume(let volumes):
            return "VOLUME " + Self.text(volumes)
        case .workingDirectory(let path):
            return "WORKDIR " + Paths.resolve(path, against: context.workingDirectory)
        }
    }

    private static func text(_ pairs: [NameValue]) -> String {
        pairs.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    }

    /// A list as Go's `%v` prints it.
    private static func text(_ words: [String]) -> String { "[" + words.joined(separator: " ") + "]" }
}

extension Transfer {
    fileprivate func historyText(_ keyword: String) -> String {
        var words = [keyword]
        if let chown, !chown.isEmpty { words.append("--chown=\(chown)") }
        if let chmod, !chmod.isEmpty { words.append("--chmod=\(chmod)") }
        // Images are published, and a login in an address with them if it stayed.
        words += sources.map(Self.withoutPassword)
        words += inlineFiles.map { "<<\($0.name)" }
        words.append(destination)
        return words.joined(separator: " ") + " # buildkit"
    }
}

extension Transfer {
    /// An address with `xxxxx` in the place of its password; anything else as it is.
    fileprivate static func withoutPassword(_ source: String) -> String {
        guard let scheme = source.firstRange(of: "://") else { return source }
        let authority = source[scheme.upperBound...].prefix { !"/?#".contains($0) }
        guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else {
            return source
        }
        return source[...colon] + "xxxxx" + source[at...]
    }
}

extension Healthcheck {
    fileprivate var historyText: String {
        let fields = [
            "Test:[\((config.test ?? []).joined(separator: " "))]", "Interval:\(GoDuration.format(interval))",
            "Timeout:\(GoDuration.format(timeout))", "StartPeriod:\(GoDuration.format(startPeriod))",
            "StartInterval:\(GoDuration.format(startInterval))", "Retries:\(retries)",
        ]
        return "{" + fields.joined(separator: " ") + "}"
    }
}
