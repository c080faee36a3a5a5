// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Store
import SystemPackage

/// `manifold prune`
struct PruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove everything that builds keep for the next time.",
        discussion: """
            The store holds files of many users of the images, which an ordinary rm cannot remove; this can. \
            Nothing that was pushed or written with --output is touched.
            """)

    @OptionGroup var store: StoreOptions

    func run() throws {
        do {
            let path = try store.path(in: .current())
            guard try Store.isStore(path) else { return }
            try Store(at: path, access: .exclusive).removeAll()
        } catch {
            FailureMessage.printPlainly(error)
            throw ExitCode(1)
        }
    }
}
