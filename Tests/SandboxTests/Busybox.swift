// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage
import TestSupport

/// Root file systems of Debian's static busybox, one for each architecture, made once and shared by all tests.
actor Busybox {
    /// The one cache of this test process.
    static let shared = Busybox()

    private var roots: [String: FilePath] = [:]

    /// A root file system with `/bin/busybox` and a link for each of its commands that tests use; not to be written to.
    ///
    /// `architecture` is in Debian's spelling, as in `armhf`.
    func root(_ architecture: String) async throws -> FilePath {
        if let root = roots[architecture] { return root }
        let repository = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
        let cache = repository.appending(".build").appending("busybox")
        let fetch = try await ChildProcess.run(
            repository.appending("scripts/fetch-busybox").string, [cache.string, architecture], timeout: .seconds(300))
        guard fetch.succeeded else { throw BusyboxError(message: "\(fetch)") }
        let root = cache.appending("roots").appending(architecture)
        let script = """
            set -e
            [ -e "$2/bin/sh" ] && exit 0
            new=$(mktemp -d "$1/new.XXXXXX")
            mkdir -p "$new/bin" "$2"
            chmod 755 "$new"
            cp "$1/$3/busybox" "$new/bin/busybox"
            for name in sh true false cat ls id env uname ps mount umount touch rm mkdir rmdir ln sleep kill su chmod \
                chown unshare hostname nc grep ifconfig head dd test stat; do
                ln -s busybox "$new/bin/$name"
            done
            rmdir "$2" && mv -T "$new" "$2" || rm -rf "$new"
            """
        let made = try await ChildProcess.run("sh", ["-c", script, "sh", cache.string, root.string, architecture])
        guard made.succeeded else { throw BusyboxError(message: "\(made)") }
        roots[architecture] = root
        return root
    }
}

/// Why there is no busybox.
struct BusyboxError: Error, CustomStringConvertible {
    let message: String
    var description: String { message }
}
