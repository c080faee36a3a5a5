// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import Sandbox
import SystemPackage

/// How `manifold run` runs a command; the words are docker's.
struct ContainerOptions: ParsableArguments {
    @Flag(name: .customLong("rm"), help: "Leave nothing of the run behind, which is always so.")
    var removes = false

    @Flag(name: [.customShort("i"), .customLong("interactive")], help: "Pass standard input on to the command.")
    var isInteractive = false

    @Flag(name: [.customShort("t"), .customLong("tty")], help: "A terminal for the command; with -i, yours.")
    var wantsTerminal = false

    @Option(
        name: [.customShort("e"), .customLong("env")],
        help: ArgumentHelp(
            "A variable of the environment, with this process's value when none is written; may be repeated.",
            valueName: "name[=value]"))
    var variables: [String] = []

    @Option(
        name: .customLong("env-file"),
        help: ArgumentHelp(
            "A file with a NAME=VALUE on each line; -e goes before it; may be repeated.", valueName: "file"))
    var variableFiles: [String] = []

    @OptionGroup var process: ProcessOptions

    @Option(
        name: .customLong("entrypoint"),
        help: ArgumentHelp("The program, instead of the image's ENTRYPOINT; empty for none.", valueName: "program"))
    var entrypoint: String?

    @Option(
        name: [.customLong("network"), .customLong("net")],
        help: ArgumentHelp("The network of what runs: host or none.", valueName: "mode"))
    var network = NetworkMode.host.rawValue

    @Option(
        name: [.customShort("v"), .customLong("volume")],
        help: ArgumentHelp(
            "A file or directory of this machine to see at a path; may be repeated.", valueName: "host:path[:ro]"))
    var volumes: [String] = []

    @Option(
        name: .customLong("mount"),
        help: ArgumentHelp(
            "type=bind,src=PATH,dst=PATH[,readonly] or type=tmpfs,dst=PATH[,tmpfs-size=64m]; may be repeated.",
            valueName: "mount"))
    var mounts: [String] = []

    @Option(
        name: .customLong("tmpfs"),
        help: ArgumentHelp(
            "An empty directory in memory; may be repeated.", valueName: "path[:size=64m,mode=1777]"))
    var memory: [String] = []

    @Flag(name: .customLong("read-only"), help: "The command cannot write to the image's files.")
    var isReadOnly = false

    @Option(
        name: .customLong("hostname"), help: ArgumentHelp("The host name of what runs.", valueName: "name"))
    var hostname: String?

    @Option(
        name: .customLong("add-host"),
        help: ArgumentHelp("A line for /etc/hosts: NAME=ADDRESS or NAME:ADDRESS; may be repeated.", valueName: "host"))
    var hosts: [String] = []

    /// A flag here, so that it is understood among others, as in -itd.
    @Flag(name: [.customShort("d"), .customLong("detach")], help: .hidden)
    var isDetached = false

    @Flag(name: .customLong("init"), help: "Have an init that reaps processes, which is always so.")
    var hasInit = false

    /// The terminal of the command; nil when it shall have none.
    ///
    /// - Throws: ``CommandError``.
    func terminal() throws -> RunTerminal? {
        guard wantsTerminal else { return nil }
        guard !isInteractive || RunTerminal.isAtTerminal else {
            throw CommandError(
                "-it: standard input is not a terminal", remedy: "leave -t away; -i alone passes input on")
        }
        return RunTerminal(keyboard: isInteractive ? .standardInput : .nobody)
    }

    /// What the caller speaks with a command without a terminal by: an empty input, or a pipe that has what comes on
    /// standard input.
    ///
    /// - Throws: ``CommandError``.
    func control() throws -> ProcessControl {
        guard isInteractive else { return ProcessControl() }
        do { return ProcessControl(input: try RunInput.start()) } catch let error as Errno {
            throw CommandError("standard input cannot be passed on: \(error)")
        }
    }

    /// What to run.
    ///
    /// - Throws: ``CommandError``.
    func command(_ words: [String], in environment: Environment) throws -> ImageCommand {
        var command = ImageCommand()
        if !words.isEmpty { command.arguments = words }
        if let entrypoint { command.entrypoint = entrypoint.isEmpty ? [] : [entrypoint] }
        command.environment =
            try VariableFile.lines(of: variableFiles, in: environment)
            + variables.compactMap { variable in
                guard !variable.isEmpty, !variable.hasPrefix("=") else {
                    throw CommandError("--env \(variable) has no name", remedy: "write it as --env NAME=VALUE")
                }
                if variable.contains("=") { return variable }
                return environment.variables[variable].map { "\(variable)=\($0)" }
            }
        process.apply(to: &command)
        guard let mode = NetworkMode(rawValue: network) else {
            throw CommandError("--network \(network) is not known", remedy: "use host or none")
        }
        command.network = mode
        let list =
            try volumes.map { try MountFlags.volume($0, in: environment) }
            + mounts.map { try MountFlags.mount($0, in: environment) } + memory.map { try MountFlags.memory($0) }
        // What is inside another comes after it, whatever the order on the command line.
        command.mounts = list.enumerated().sorted { left, right in
            (MountFlags.depth(left.element), left.offset) < (MountFlags.depth(right.element), right.offset)
        }.map(\.element)
        command.rootAccess = isReadOnly ? .readOnly : .readWrite
        if let hostname {
            guard !hostname.isEmpty, hostname.utf8.count <= 64, !hostname.utf8.contains(where: { $0 <= 32 }) else {
                throw CommandError("--hostname \(hostname) is no host name of 1 to 64 bytes")
            }
            command.hostname = hostname
        }
        command.settings.hosts = try hosts.map { try RunOptions.host($0) }
        return command
    }
}
