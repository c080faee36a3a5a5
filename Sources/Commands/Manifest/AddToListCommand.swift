// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Registry

/// `manifold manifest add`
struct AddToListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add images to a list.",
        discussion: ListChangeOptions.explanation
            + " Sources are as manifold manifest create has them; a platform that the list has already is refused.")

    @Argument(help: "The list.") var list: String

    @Argument(help: ArgumentHelp("Images, or lists of images.", valueName: "source")) var sources: [String]

    @OptionGroup var selection: ListSourceOptions
    @OptionGroup var change: ListChangeOptions

    func run() async throws {
        let environment = Environment.current()
        let sources = try FailureMessage.explaining { try selection.sources(self.sources, in: environment) }
        try await change.run(list, registries: sources.flatMap(\.place.registries), in: environment) {
            draft, work, own in
            try draft.add(try await work.parts(sources, asking: own), whenTaken: .refuse)
        }
    }
}
