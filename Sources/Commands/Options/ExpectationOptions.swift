// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images

/// What names must stand for before a command moves them.
struct ExpectationOptions: ParsableArguments {
    @Option(
        name: .customLong("if-match"),
        help: ArgumentHelp(
            "Move the names only where they stand for this digest now, or with \"none\" where they are not there.",
            discussion: """
                It is looked at right before a name moves. Registries offer no step that compares and moves, so that \
                somebody can still come between.
                """,
            valueName: "digest"))
    var expected: String?

    /// - Throws: ``CommandError``.
    func expectation() throws -> TagExpectation { try TagExpectation(option: expected) }
}
