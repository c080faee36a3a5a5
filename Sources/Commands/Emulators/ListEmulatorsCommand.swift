// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Emulation
import OCI

/// `manifold emulators list`
struct ListEmulatorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the platforms whose programs run here, proved by running one of each.",
        discussion: """
            For each platform the emulator that a build takes, its version, and whether a small program of that platform \
            runs: under a handler that only manifold's namespace has (private), under one of the host, or by the \
            processor itself (native). Further emulators of the platform, such as imported ones, follow it. HOST is what \
            the machine's own list of handlers has, whoever registered it, with its flags; what is wrong with it is told below.

            With platforms named the exit code is 1 when one of them does not work.

            Examples:
              manifold emulators list
              manifold emulators list --platform linux/riscv64 --json
            """)

    @Option(
        name: .customLong("platform"),
        help: ArgumentHelp(
            "Only these platforms, separated by commas; may be repeated. Default: all that something runs.",
            valueName: "platforms"))
    var platforms: [String] = []

    @Flag(name: .customLong("all"), help: "Also those of QEMU's 37 targets that have no emulator here.")
    var all = false

    @Flag(name: .customLong("json"), help: "Print JSON: all targets, or those of the platforms.") var isJSON = false

    @OptionGroup(title: "Emulators") var emulators: EmulatorOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    func run() async throws {
        let environment = Environment.current()
        let states: [EmulatorSurvey.State]
        do {
            let finder = try emulators.finder(in: environment, store: store.path(in: environment))
            states = try await EmulatorSurvey(finder: finder).states(of: targets())
            let listing = EmulatorListing(states, isSelection: !platforms.isEmpty || all)
            if isJSON {
                try CommandOutput.result(listing.json)
            } else {
                try CommandOutput.text(listing.table)
                FailureMessage.write(listing.remarks)
            }
        } catch {
            throw FailureMessage.ending(error)
        }
        if !platforms.isEmpty, !states.allSatisfy({ $0.works }) { throw ExitCode(1) }
    }

    private func targets() throws -> [EmulatorTarget] {
        guard !platforms.isEmpty else { return EmulatorTable.all }
        var targets: [EmulatorTarget] = []
        for platform in try PlatformWords.list(platforms) {
            guard let target = EmulatorTable.target(for: platform) else { throw EmulationError.noTarget(platform) }
            if !targets.contains(target) { targets.append(target) }
        }
        return targets
    }
}
