// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build

/// Where and as whom a command in an image runs.
struct ProcessOptions: ParsableArguments {
    @Option(
        name: [.customShort("w"), .customLong("workdir")],
        help: ArgumentHelp("The working directory, instead of the image's.", valueName: "directory"))
    var workingDirectory: String?

    @Option(
        name: [.customShort("u"), .customLong("user")],
        help: ArgumentHelp("The user in the image, instead of the image's USER.", valueName: "user[:group]"))
    var user: String?

    /// Tells a command what these flags say.
    func apply(to command: inout ImageCommand) {
        command.workingDirectory = workingDirectory
        command.user = user
    }
}
