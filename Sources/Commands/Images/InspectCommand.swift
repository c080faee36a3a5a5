// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Registry
import Store

/// `manifold inspect`
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract:
            "Tell what an image is: platforms, digests, sizes, and for one platform its config, layers and history.",
        discussion: """
            The place is NAME (in a registry), oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME] or \
            store:NAME. No layer is fetched.

            Examples:
              manifold inspect alpine:3.20
              manifold inspect --platform linux/arm64 registry.example/me/app:1.0
            """)

    @Argument(help: "Where the image is.") var place: String

    @Option(
        name: .customLong("platform"),
        help: ArgumentHelp("Tell all of the image for this platform.", valueName: "platform"))
    var platforms: [String] = []

    @Flag(name: .customLong("json"), help: "Print JSON.") var isJSON = false

    @Flag(name: .customLong("raw"), help: "Print the manifest or index, byte for byte.") var isRaw = false

    @OptionGroup(title: "Registry options") var registry: RegistryOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    func run() async throws {
        let environment = Environment.current()
        try await CommandOutput.answer {
            let place = try ImagePlace(place, absolute: environment.absolute)
            let choice = ImageSelection.Choice(platforms: try PlatformWords.list(platforms))
            let store = try Store(at: store.path(in: environment))
            return try await place.reading(registry, store, in: environment) { reader in
                if isRaw, platforms.isEmpty { return try await reader.root().bytes }
                let selection = try await ImageSelection(choice, from: reader)
                if isRaw { return selection.root.bytes }
                let description = try await ImageDescription(selection, from: reader, name: reader.title)
                return Array((isJSON ? try ImageDescription.json(description) : description.text).utf8)
            }
        }
    }
}
