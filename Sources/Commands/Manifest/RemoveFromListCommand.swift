// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Registry

/// `manifold manifest remove`
struct RemoveFromListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Take entries out of a list, with their attestations.",
        discussion: ListChangeOptions.explanation)

    @Argument(help: "The list.") var list: String

    @Argument(help: ArgumentHelp("Entries, by platform or by digest.", valueName: "entry")) var entries: [String]

    @OptionGroup var change: ListChangeOptions

    func run() async throws {
        let entries = try FailureMessage.explaining { () throws -> [EntrySelector] in
            try self.entries.map { try EntrySelector($0) }
        }
        try await change.run(list, in: .current()) { draft, _, _ in
            try draft.edit { editor in for entry in entries { try editor.remove(entry) } }
        }
    }
}
