// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import Glibc
import Sandbox
import Store
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
        name: [.customShort("w"), .customLong("workdir")],
        help: ArgumentHelp("The working directory, instead of the image's.", valueName: "directory"))
    var workingDirectory: String?

    @Option(
        name: [.customShort("u"), .customLong("user")],
        help: ArgumentHelp("The user in the image, instead of the image's USER.", valueName: "user[:group]"))
    var user: String?

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
        command.environment = try variables.compactMap { variable in
            guard !variable.isEmpty, !variable.hasPrefix("=") else {
                throw CommandError("--env \(variable) has no name", remedy: "write it as --env NAME=VALUE")
            }
            if variable.contains("=") { return variable }
            return environment.variables[variable].map { "\(variable)=\($0)" }
        }
        command.workingDirectory = workingDirectory
        command.user = user
        guard let mode = NetworkMode(rawValue: network) else {
            throw CommandError("--network \(network) is not known", remedy: "use host or none")
        }
        command.network = mode
        command.mounts = try volumes.map { try Self.mount($0, environment) }
        return command
    }

    private static func mount(_ text: String, _ environment: Environment) throws -> SandboxMount {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), parts[0].contains("/") || parts[0].hasPrefix("."), parts[1].hasPrefix("/")
        else {
            throw CommandError(
                "--volume \(text) is not known", remedy: "write it as ./DIRECTORY:/PATH or /DIRECTORY:/PATH:ro")
        }
        var access = SandboxMount.Access.readWrite
        for word in parts.count == 3 ? parts[2].split(separator: ",") : [] {
            switch word {
            case "ro": access = .readOnly
            // Labels are for SELinux, which a sandbox of one's own has nothing to do with.
            case "rw", "z", "Z": continue
            default: throw CommandError("--volume \(text): \(word) is not known", remedy: "use ro or rw")
            }
        }
        let path = environment.absolute(parts[0])
        var status = stat()
        guard stat(path.string, &status) == 0 else {
            throw CommandError("--volume \(text): \(path): \(Errno(rawValue: errno))")
        }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        return SandboxMount(isDirectory ? .directory(path, access) : .file(path, access), at: parts[1])
    }
}
