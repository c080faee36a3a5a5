// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI

/// `manifold push`
struct PushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Send an image of the store to its registry, or to other places.",
        discussion: """
            Examples:
              manifold push registry.example/me/app:1.0
              manifold push app:1.0 registry.example/me/app:1.0 other.example/me/app:1.0
            """)

    @Argument(help: "The image in the store, by its name.") var name: String

    @Argument(help: "Where it goes, as manifold copy has places. Default: the registry of its name.")
    var targets: [String] = []

    @OptionGroup var selection: SelectionOptions

    @OptionGroup var condition: ExpectationOptions

    @OptionGroup var naming: NamingOptions

    @OptionGroup var progress: ProgressOptions
    @OptionGroup(title: "Registry options") var registry: RegistryOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    func run() async throws {
        let environment = Environment.current()
        let transfer = try FailureMessage.explaining {
            let name = try StoreName.parse(name)
            let places = try targets.map { try ImagePlace($0, absolute: environment.absolute) }
            return ImageTransfer(
                source: .store(name), targets: places.isEmpty ? [.registry(name)] : places,
                choice: try selection.choice(), expected: try condition.expectation(), naming: naming.naming)
        }
        try await transfer.run(progress, registry, store, in: environment)
    }
}
