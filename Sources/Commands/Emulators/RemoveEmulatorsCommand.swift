// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Emulation
import SystemPackage

/// `manifold emulators remove`
struct RemoveEmulatorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take out what install has registered and written (needs root).",
        discussion: """
            Only entries and files of manifold's are removed: those whose names begin with manifold- and, of files, that \
            say so themselves; of /etc/fstab only the line that was added. What others have registered stays.

            Examples:
              sudo manifold emulators remove
              sudo manifold emulators remove arm64 arm
            """)

    @Argument(help: ArgumentHelp("Platforms, or all. Default: all.", valueName: "platform|all"))
    var platforms: [String] = []

    @OptionGroup var host: HostOptions

    func run() async throws {
        try await CommandOutput.reporting {
            let targets = platforms.isEmpty ? nil : try TargetWords(platforms).targets
            let installer = HostInstaller(
                finder: EmulatorFinder(directory: nil, path: nil), root: host.root(in: .current()))
            do {
                try await installer.locked { try Self.remove(targets, by: installer) }
            } catch HostInstallError.notRoot {
                throw HostOptions.refusal()
            }
        }
    }

    /// Removes and says what.
    static func remove(_ targets: [EmulatorTarget]?, by installer: HostInstaller) throws {
        let (entries, files) = try installer.remove(targets)
        for name in entries { try CommandOutput.result("removed \(name)") }
        for path in files {
            try CommandOutput.result(
                path.lastComponent == "fstab" ? "removed the line from \(path)" : "removed \(path)")
        }
        if entries.isEmpty, files.isEmpty { CommandOutput.note("nothing of manifold's is registered") }
    }
}
