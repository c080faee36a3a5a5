// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import Sandbox

/// What `manifold verify` runs in the images.
struct VerifyRunOptions: ParsableArguments {
    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp(
            "What to run, after --: the words take the place of the image's CMD, as with docker run.",
            valueName: "command"))
    var words: [String] = []

    @Flag(name: .customLong("run"), help: "Run what the image itself says: its ENTRYPOINT and CMD.")
    var runsOwn = false

    @Option(
        name: .customLong("stay-up"),
        help: ArgumentHelp(
            "What runs is a server: it is good when it still runs after this time, and not when it ends before.",
            valueName: "duration"))
    var staysUp: String?

    @Option(
        name: .customLong("timeout"),
        help: ArgumentHelp("What runs longer than this is stopped, and has failed.", valueName: "duration"))
    var timeout = "2m"

    @Option(
        name: .customLong("entrypoint"),
        help: ArgumentHelp("The program, instead of the image's ENTRYPOINT; empty for none.", valueName: "program"))
    var entrypoint: String?

    @Option(
        name: [.customShort("e"), .customLong("env")],
        help: ArgumentHelp("A variable of the environment; may be repeated.", valueName: "name=value"))
    var variables: [String] = []

    @OptionGroup var process: ProcessOptions

    @Option(
        name: .customLong("network"),
        help: ArgumentHelp("The network of what runs: none or host.", valueName: "mode"))
    var network = "none"

    /// What to run; nil when nothing is to be.
    ///
    /// - Throws: ``CommandError``.
    func command() throws -> ImageCommand? {
        guard runsOwn || !words.isEmpty else {
            if staysUp != nil || entrypoint != nil {
                throw CommandError("nothing is run", remedy: "add --run, or the command after --")
            }
            return nil
        }
        var command = ImageCommand()
        if !words.isEmpty { command.arguments = words }
        if let entrypoint { command.entrypoint = entrypoint.isEmpty ? [] : [entrypoint] }
        if let name = variables.first(where: { !$0.contains("=") }) {
            throw CommandError("--env \(name) has no value", remedy: "write it as --env \(name)=VALUE")
        }
        command.environment = variables
        process.apply(to: &command)
        command.timeLimit = try TimeOption.duration(
            staysUp ?? timeout, of: staysUp == nil ? "--timeout" : "--stay-up")
        switch network {
        case "none": command.network = .none
        case "host": command.network = .host
        default: throw CommandError("--network \(network) is not known", remedy: "use none or host")
        }
        return command
    }
}
