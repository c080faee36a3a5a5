// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Glibc

/// Enters the user namespace while there is one thread, when the command needs one, and hands over to the commands.
@main
enum Manifold {
    /// The commands that unpack layers or run something.
    private static let needsNamespace: Set<String> = ["build", "prune", "run"]

    static func main() {
        if CommandLine.arguments.dropFirst().first.map(needsNamespace.contains) ?? false { enterNamespace() }
    }

    private static func enterNamespace() {
        var failure = mf_enter_error()
        guard mf_enter_user_namespace(CommandLine.argc, CommandLine.unsafeArgv, &failure) != 0 else { return }
        mf_enter_print(&failure)
        exit(1)
    }
}
