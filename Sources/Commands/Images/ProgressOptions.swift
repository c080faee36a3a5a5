// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser

/// How a command shows what it is doing.
struct ProgressOptions: ParsableArguments {
    @Option(
        name: .customLong("progress"),
        help: ArgumentHelp(
            "How progress is shown: auto, tty, plain, quiet or json.",
            discussion: "Default: $MANIFOLD_PROGRESS, $BUILDKIT_PROGRESS, else auto.", valueName: "mode"))
    var progress: ProgressMode?

    @Flag(name: [.customShort("q"), .customLong("quiet")], help: "Show no progress, only the result's digest.")
    var quiet = false

    func mode(in environment: Environment) throws -> ProgressMode {
        try quiet ? .quiet : ProgressMode.chosen(option: progress, environment: environment.variables)
    }
}
