// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Store

/// `manifold images`
struct ImagesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "images", abstract: "List the images in the store: those that were built with --tag or pulled.")

    @Flag(name: .customLong("json"), help: "Print JSON, as inspect does for each image.") var isJSON = false

    @Flag(name: [.customShort("q"), .customLong("quiet")], help: "Print the digests only.") var quiet = false

    @OptionGroup(title: "Store options") var store: StoreOptions

    func run() async throws {
        let environment = Environment.current()
        try await CommandOutput.answer {
            let store = try Store(at: store.path(in: environment))
            var descriptions: [ImageDescription] = []
            var table = TextTable("NAME", "DIGEST", "PLATFORMS", "SIZE", "CREATED")
            for reference in try store.images() {
                let reader = StoredImage(reference, store: store)
                guard let selection = try? await ImageSelection(from: reader),
                    let image = try? await ImageDescription(selection, from: reader, name: reference.familiar)
                else {
                    // A name is no reason to hide the others.
                    table.add(reference.familiar, "-", "incomplete: build or pull it again", "-", "-")
                    continue
                }
                descriptions.append(image)
                table.add(
                    image.name, image.digest.short, image.images.compactMap(\.platform).joined(separator: ","),
                    HumanFormat.bytes(image.size),
                    image.images.compactMap(\.created).max().map(ImageDescription.date) ?? "-")
            }
            if quiet { return Array(descriptions.map { "\($0.digest)\n" }.joined().utf8) }
            return Array((isJSON ? try ImageDescription.json(descriptions) : table.text).utf8)
        }
    }
}
