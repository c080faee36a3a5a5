// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Registry
import Store

/// `manifold manifest rm`
struct RemoveListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Take lists out of the store; nothing in a registry is touched.")

    @Argument(help: "The lists, by their names.") var lists: [String]

    @Flag(name: [.customShort("f"), .customLong("force")], help: "Names that are not there are no error.")
    var force = false

    @OptionGroup(title: "Store options") var store: StoreOptions

    func run() async throws {
        let environment = Environment.current()
        try await CommandOutput.answer {
            let names = try lists.map { try StoreName.parse($0) }
            let store = try Store(at: store.path(in: environment))
            // All or none: a wrong word should not cost the names before it.
            for name in names {
                guard let image = try store.image(named: name) else {
                    if force { continue }
                    throw ImagesError.notInStore(name, names: try store.images().map(\.familiar))
                }
                guard image.descriptor.mediaType.isIndex else {
                    throw CommandError(
                        "\(name.familiar) is one image, not a list", remedy: "manifold rmi \(name.familiar)")
                }
            }
            for name in names { store.forget(name) }
            return []
        }
    }
}
