// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Commands
import Glibc

/// Enters the user namespace while there is one thread, when the command needs one, and hands over to the commands.
@main
enum Manifold {
    static func main() {
        fillStandardDescriptors()
        let arguments = Array(CommandLine.arguments.dropFirst())
        if ManifoldCommand.needsUserNamespace(arguments)
            || ManifoldCommand.prefersUserNamespace(arguments) && canEnterNamespace()
        {
            enterNamespace()
        }
        // Who reads the output may go away before it ends; a write then fails, which is handled where it is made.
        signal(SIGPIPE, SIG_IGN)
        ManifoldCommand.start()
    }

    /// Who starts the program may have closed its input or outputs; what it opens first would then be taken for them.
    private static func fillStandardDescriptors() {
        var descriptor = open("/dev/null", O_RDWR)
        while (0...STDERR_FILENO).contains(descriptor) { descriptor = open("/dev/null", O_RDWR) }
        if descriptor > STDERR_FILENO { close(descriptor) }
    }

    private static func canEnterNamespace() -> Bool {
        var failure = mf_enter_error()
        return mf_can_enter_user_namespace(&failure)
    }

    private static func enterNamespace() {
        var failure = mf_enter_error()
        guard mf_enter_user_namespace(CommandLine.argc, CommandLine.unsafeArgv, &failure) != 0 else { return }
        mf_enter_print(&failure)
        exit(1)
    }
}
