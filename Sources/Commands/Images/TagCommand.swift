// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Registry
import Store

/// `manifold tag`
struct TagCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "Give an image in the store one more name, or several.",
        discussion: "In a registry: manifold copy NAME:OLD NAME:NEW, which sends nothing but the manifest.")

    @Argument(help: "The image in the store, by its name or digest.") var source: String

    @Argument(help: "The new names.") var names: [String]

    @OptionGroup(title: "Store options") var store: StoreOptions

    func run() async throws {
        let environment = Environment.current()
        try await CommandOutput.answer {
            let names = try names.map { try StoreName.parse($0) }
            if let name = names.first(where: { $0.digest != nil }) {
                throw CommandError("\(name.familiar): a name with a digest cannot be given", remedy: "leave out the @")
            }
            let store = try Store(at: store.path(in: environment))
            let root = try await StoredImage(try StoreName.one(source, in: store), store: store).root()
            for name in names {
                try store.save(NamedImage(name: name.description, descriptor: root.descriptor), as: name)
            }
            return []
        }
    }
}
