// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage

/// Removes a directory and everything in it, without following symbolic links and without recursion.
enum DirectoryRemover {
    static func remove(_ parent: Int32, _ name: [CChar], _ path: TreePath) throws {
        // Deep trees are flattened on the way: a directory in a directory is moved up to the one being removed, so that
        // neither the stack nor the number of open descriptors grows with the depth.
        let top = try System.check(
            openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), "open", path.description)
        defer { close(top) }
        var number = 0
        while try removeOnce(top, &number, path) {}
        try System.check(unlinkat(parent, name, AT_REMOVEDIR), "remove", path.description)
    }

    /// Removes what can be removed at once; whether something is left.
    private static func removeOnce(_ top: Int32, _ number: inout Int, _ path: TreePath) throws -> Bool {
        var isLeft = false
        for name in try Listing.names(of: top, path) {
            try Task.checkCancellation()
            let name = System.name(name)
            if unlinkat(top, name, 0) == 0 || unlinkat(top, name, AT_REMOVEDIR) == 0 { continue }
            guard errno == ENOTEMPTY || errno == EEXIST else { throw System.failure("remove in", path) }
            isLeft = true
            let directory = try System.check(
                openat(top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), "open a directory in",
                path.description)
            defer { close(directory) }
            for inner in try Listing.names(of: directory, path) {
                let inner = System.name(inner)
                if unlinkat(directory, inner, 0) == 0 || unlinkat(directory, inner, AT_REMOVEDIR) == 0 { continue }
                var moved: Int32 = -1
                repeat {
                    number += 1
                    moved = renameat(directory, inner, top, System.name(".removed-\(number)".utf8))
                } while moved < 0 && [EEXIST, ENOTEMPTY, ENOTDIR].contains(errno)
                try System.check(moved, "remove in", path.description)
            }
        }
        return isLeft
    }
}
