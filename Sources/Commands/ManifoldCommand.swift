// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import ArgumentParser
import Dispatch
import Glibc

/// The command line's root.
public struct ManifoldCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "manifold",
        abstract: "Build one container image for many CPU architectures and publish it under one name.",
        discussion: """
            No daemon, no root, nothing registered on the host: steps of foreign platforms run under QEMU in a \
            namespace of manifold's own.

            Example:
              manifold build --platform linux/amd64,linux/arm64,linux/arm/v7 -t registry.example/me/app:1.0 --push .
            """,
        version: Version.current,
        subcommands: [
            DoctorCommand.self, BuildCommand.self,
            LoginCommand.self, LogoutCommand.self,
            CopyCommand.self, InspectCommand.self, VerifyCommand.self, AuditCommand.self, RunCommand.self,
            TagsCommand.self, ManifestCommand.self, EmulatorsCommand.self,
            ImagesCommand.self, PullCommand.self, PushCommand.self, TagCommand.self, RemoveImageCommand.self,
            PruneCommand.self, VersionCommand.self,
        ])

    public init() {}

    /// Runs the command that the process's arguments name and ends the process with its status.
    public static func start() {
        Task {
            await main(BooleanFlags.spelledOut(Array(CommandLine.arguments.dropFirst())))
            Glibc.exit(EXIT_SUCCESS)
        }
        dispatchMain()
    }

    /// Whether a command works with the file systems of images and so has to be root in a user namespace.
    ///
    /// - Parameter arguments: the command line without the program's name.
    public static func needsUserNamespace(_ arguments: [String]) -> Bool {
        guard let command = arguments.first(where: { !$0.hasPrefix("-") }) else { return false }
        if command == RunCommand.configuration.commandName { return RunCommand.runsSomething(arguments) }
        let all = BooleanFlags.spelledOut(arguments)
        // What comes after is for another program.
        let arguments = all.prefix { $0 != "--" }
        let asksForHelp = arguments.contains { $0 == "--help" || $0 == "-h" || $0 == "--version" }
        guard !asksForHelp else { return false }
        if command == DoctorCommand.configuration.commandName { return DoctorCommand.isInside(Array(arguments)) }
        if command == VerifyCommand.configuration.commandName { return VerifyCommand.runsSomething(all) }
        return !(command == BuildCommand.configuration.commandName && CheckOptions.asks(Array(arguments)))
            && [BuildCommand.configuration, PruneCommand.configuration].contains { $0.commandName == command }
    }

    /// Whether a command says more when it is root in a user namespace, and something useful where there is none.
    ///
    /// - Parameter arguments: the command line without the program's name.
    public static func prefersUserNamespace(_ arguments: [String]) -> Bool {
        let words = arguments.filter { !$0.hasPrefix("-") }
        let asksForHelp = arguments.contains { $0 == "--help" || $0 == "-h" || $0 == "--version" }
        guard !asksForHelp, words.first == EmulatorsCommand.configuration.commandName else { return false }
        // Any other word is a value of an option of the listing, which needs no name.
        let others = EmulatorsCommand.configuration.subcommands.filter { $0 != ListEmulatorsCommand.self }
        return !others.contains { $0.configuration.commandName == words.dropFirst().first }
    }
}
