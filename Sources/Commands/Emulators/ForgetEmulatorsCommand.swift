// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Emulation
import Store

/// `manifold emulators forget`
struct ForgetEmulatorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Remove emulators that were imported, by version, name or the beginning of their SHA-256.",
        discussion: """
            Example:
              manifold emulators forget 5.2
            """)

    @Argument(help: ArgumentHelp("What to remove.", valueName: "version|name|sha256")) var words: [String]

    @OptionGroup(title: "Store options") var store: StoreOptions

    func run() async throws {
        try await CommandOutput.reporting {
            let library = try EmulatorLibrary(inStore: store.path(in: .current()))
            for word in words {
                let gone = try library.forget(word)
                guard !gone.isEmpty else {
                    throw CommandError(
                        "nothing that was imported fits \(word)", remedy: "see manifold emulators list --all")
                }
                for known in gone {
                    try CommandOutput.result(
                        "removed qemu-\(known.emulator.target.target) \(known.version?.number ?? "")")
                }
            }
        }
    }
}
