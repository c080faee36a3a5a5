// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Store
import SystemPackage

/// Where the store is; every command that works with it has these.
struct StoreOptions: ParsableArguments {
    @Option(
        name: .customLong("root"),
        help: ArgumentHelp(
            "The directory that holds manifold's store.",
            discussion: "Default: $MANIFOLD_ROOT, else $XDG_DATA_HOME/manifold, else ~/.local/share/manifold.",
            valueName: "directory"))
    var root: String?

    /// The directory that the options and the environment choose.
    ///
    /// - Throws: ``CommandError`` when there is no home directory either.
    func path(in environment: Environment) throws -> FilePath {
        if let root, !root.isEmpty { return environment.absolute(root) }
        if let root = environment["MANIFOLD_ROOT"] { return environment.absolute(root) }
        if let data = environment["XDG_DATA_HOME"] { return environment.absolute(data).appending("manifold") }
        guard let home = environment["HOME"] else {
            throw CommandError(
                "there is no place for the store: HOME is not set", remedy: "choose a directory with --root")
        }
        return environment.absolute(home).appending(".local/share/manifold")
    }
}
