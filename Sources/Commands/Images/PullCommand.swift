// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI

/// `manifold pull`
struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Bring an image from a registry into the store, with all its platforms.",
        discussion: "Builds use an image of the store before they ask the registry, unless --pull is given.")

    @Argument(help: "The image, or another place as manifold copy has them.") var source: String

    @Argument(help: "Its name in the store. Default: the name that it has.") var name: String?

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var progress: ProgressOptions
    @OptionGroup(title: "Registry options") var registry: RegistryOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    func run() async throws {
        let environment = Environment.current()
        let transfer = try FailureMessage.explaining {
            let place = try ImagePlace(source, absolute: environment.absolute)
            var target = try name.map { try StoreName.parse($0) }
            if target == nil, case .registry(let reference) = place { target = reference }
            guard let target else {
                throw CommandError(
                    "there is no name for the image in the store", remedy: "give one: manifold pull \(source) NAME")
            }
            return ImageTransfer(source: place, targets: [.store(target)], choice: try selection.choice())
        }
        try await transfer.run(progress, registry, store, in: environment)
    }
}
