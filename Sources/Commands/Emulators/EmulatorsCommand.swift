// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser

/// `manifold emulators`
struct EmulatorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emulators",
        abstract: "See which platforms run here, and manage QEMU's user emulators.",
        discussion: """
            A build needs nothing of this: it registers the emulators that it finds in a namespace of its own, which \
            nobody else sees and which ends with it. This is for looking, for other programs than manifold (install) \
            and for versions that no package has (import).

            Examples:
              manifold emulators list
              manifold emulators import qemu-aarch64-static.tar.gz
              sudo manifold emulators install --persist arm64 arm
            """,
        subcommands: [
            ListEmulatorsCommand.self, InstallEmulatorsCommand.self, RemoveEmulatorsCommand.self,
            ImportEmulatorsCommand.self, ForgetEmulatorsCommand.self,
        ],
        defaultSubcommand: ListEmulatorsCommand.self)
}
