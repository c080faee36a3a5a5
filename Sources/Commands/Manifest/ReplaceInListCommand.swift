// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Registry

/// `manifold manifest replace`
struct ReplaceInListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace",
        abstract: "Put images into a list in place of those that it has for the same platforms.",
        discussion: ListChangeOptions.explanation
            + " Attestations of images that are replaced go with them; a platform that the list lacks is added.")

    @Argument(help: "The list.") var list: String

    @Argument(help: ArgumentHelp("Images, or lists of images.", valueName: "source")) var sources: [String]

    @OptionGroup var selection: ListSourceOptions
    @OptionGroup var change: ListChangeOptions

    func run() async throws {
        let environment = Environment.current()
        let sources = try FailureMessage.explaining { try selection.sources(self.sources, in: environment) }
        try await change.run(list, registries: sources.flatMap(\.place.registries), in: environment) {
            draft, work, own in
            try draft.add(try await work.parts(sources, asking: own), whenTaken: .replace)
        }
    }
}
