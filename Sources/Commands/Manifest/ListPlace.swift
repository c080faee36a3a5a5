// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Registry
import Store
import SystemPackage

/// A list that a command looks at, where it is.
struct ListPlace: Sendable {
    /// What the person wrote.
    let text: String
    let place: ImagePlace

    /// - Throws: ``ImagesError``, ``OCIError``.
    init(_ text: String, in environment: Environment) throws {
        self.text = text
        place = try ImagePlace(text, absolute: environment.absolute)
    }

    /// The place as a word of a command line.
    var word: String { ShellWord.quoted(text) }

    /// Reads a list, as a command that only looks does.
    func read(
        _ depth: ReadList.Depth, _ registry: RegistryOptions, _ store: StoreOptions, in environment: Environment
    ) async throws -> ReadList {
        let store = try Store(at: store.path(in: environment))
        return try await place.reading(registry, store, in: environment) { try await ReadList(from: $0, depth) }
    }
}

/// Words for a shell.
enum ShellWord {
    /// The word in quotes where a shell would take it for something else.
    static func quoted(_ word: String) -> String {
        let plain = word.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "-_./:@=+,%".unicodeScalars.contains(scalar))
        }
        return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}

/// How commands that judge a list end.
enum ListVerdict {
    /// Something was found.
    static let found: Int32 = 1
    /// There is no verdict, because something cannot be read.
    static let unread: Int32 = 2

    /// The status after an error, which is told.
    static func status(after error: any Error) -> Int32 {
        FailureMessage.printPlainly(error)
        return FailureMessage.code(after: error, unread).rawValue
    }
}
