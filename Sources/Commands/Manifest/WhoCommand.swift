// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Glibc
import Images
import OCI
import Store
import SystemPackage

/// `manifold manifest who`
struct WhoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "who",
        abstract: "Tell which image of a list each board and computer gets, and who gets none.",
        discussion: """
            The answer is for Docker and containerd as they are today; where podman or an old Docker choose otherwise, \
            that is told below. It goes by what the list says; manifold manifest lint sees whether that is true.

            The exit status is 0, 1 when a platform of --require has no image of its own, and 2 when the list cannot \
            be read.

            Examples:
              manifold manifest who alpine:3.20
              manifold manifest who --require linux/arm/v6,linux/arm64 registry.example/me/app:1.0
            """)

    @Argument(help: "Where the list is.") var place: String

    @Option(
        name: .customLong("platform"),
        help: ArgumentHelp(
            "Only the machines of these platforms, separated by commas; may be repeated.", valueName: "platforms"))
    var platforms: [String] = []

    @Option(
        name: .customLong("require"),
        help: ArgumentHelp(
            "End with 1 unless there is an image for each of these platforms, separated by commas; may be repeated.",
            valueName: "platforms"))
    var required: [String] = []

    @Flag(name: .customLong("json"), help: "Print JSON.") var isJSON = false

    @OptionGroup(title: "Registry options") var registry: RegistryOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    func run() async throws {
        let environment = Environment.current()
        let terminal = ProgressTerminal(.standardOutput, environment: environment.variables)
        do {
            let missing = try await Interruption.cancels {
                let place = try ListPlace(place, in: environment)
                let wanted = try PlatformWords.list(platforms)
                let required = try PlatformWords.list(required)
                let answer = WhoAnswer(
                    try await place.read(.list, registry, store, in: environment), name: place.text, for: wanted)
                let text = isJSON ? try ImageDescription.json(answer) : answer.text(on: terminal)
                try Files.writeAll(Array(text.utf8), to: STDOUT_FILENO, path: "standard output")
                return required.filter { !answer.serves($0) }
            }
            guard !missing.isEmpty else { return }
            let names = missing.map(\.description).joined(separator: ", ")
            FailureMessage.printPlainly(CommandError("\(place) has no image for \(names)"))
            throw ExitCode(ListVerdict.found)
        } catch let code as ExitCode {
            throw code
        } catch {
            throw ExitCode(ListVerdict.status(after: error))
        }
    }
}
