// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Store

/// `manifold rmi`
struct RemoveImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rmi",
        abstract: "Take names of images out of the store.",
        discussion: """
            Layers stay, since other images and the next build may need them, until manifold prune. Nothing in a \
            registry is touched.
            """)

    @Argument(help: "The images in the store, by their names, or by a digest for all its names.") var names: [String]

    @Flag(name: [.customShort("f"), .customLong("force")], help: "Names that are not there are no error.")
    var force = false

    @OptionGroup(title: "Store options") var store: StoreOptions

    func run() async throws {
        let environment = Environment.current()
        try await CommandOutput.answer {
            let store = try Store(at: store.path(in: environment))
            // All or none: a wrong word should not cost the names before it.
            let references = try names.flatMap { name in
                do { return try StoreName.find(name, in: store) } catch ImagesError.notInStore where force {
                    return []
                }
            }
            for reference in references { store.forget(reference) }
            return []
        }
    }
}
