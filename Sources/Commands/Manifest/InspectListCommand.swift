// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Registry
import Store

/// `manifold manifest inspect`
struct InspectListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Tell what a list names: platforms, digests, and which entry a machine gets.",
        discussion: """
            The list is looked for in the store and then in its registry; other places are as manifold copy has them.

            Examples:
              manifold manifest inspect alpine:3.20
              manifold manifest inspect --platform linux/arm/v6 alpine:3.20
              manifold manifest inspect --raw registry.example/me/app:1.0
            """)

    @Argument(help: "The list, or an image.") var list: String

    @Option(
        name: .customLong("platform"),
        help: ArgumentHelp("Tell which entry a machine of this platform gets.", valueName: "platform"))
    var platform: String?

    @Flag(name: .customLong("raw"), help: "Print the document, byte for byte.") var isRaw = false

    @Flag(name: .customLong("json"), help: "Print JSON: the document, and with -v what it names, as docker does.")
    var isJSON = false

    @Flag(name: [.customShort("v"), .customLong("verbose")], help: "Look at the images, too: their layers and sizes.")
    var isVerbose = false

    @OptionGroup(title: "Registry options") var registry: RegistryOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    func run() async throws {
        let environment = Environment.current()
        try await CommandOutput.answer {
            let place = try NamedList(list, in: environment)
            let wanted = try platform.map { try GivenPlatform($0).platform }
            let store = try Store(at: store.path(in: environment))
            return try await registry.withClient(for: place.registries, in: environment) { client in
                let access = ImageAccess(client: client, store: store)
                let reader = access.reader(of: try place.existing(store))
                let root = try await reader.root()
                if isRaw, wanted == nil { return root.bytes }
                let listing = try ListListing(root, title: reader.title)
                if let wanted {
                    let choice = try listing.choice(for: wanted)
                    if isRaw { return try await reader.document(choice.entry).bytes }
                    return Array((isJSON ? try ImageDescription.json(choice.entry) : choice.text).utf8)
                }
                let images = isVerbose ? try await ImageSelection(from: reader) : nil
                return Array((isJSON ? try listing.json(images) : listing.text(images)).utf8)
            }
        }
    }
}
