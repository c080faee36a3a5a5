// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CArchive
import Glibc

/// A directory for what is not yet in its place, inside the directory that it is for, so that renames suffice.
///
/// It is locked while it is used; one that nobody holds was left by a process that was killed, and the next removes it.
final class StagingDirectory {
    private static let prefix = ".manifold-export-"

    let descriptor: Int32
    private let parent: Int32
    private let name: String

    /// - Parameter label: the parent's path, for messages.
    init(in parent: Int32, label: String) throws {
        try Self.removeAbandoned(in: parent, label)
        while true {
            let name = Self.prefix + String(UInt64.random(in: 0 ... .max), radix: 36)
            try System.check(mkdirat(parent, name, 0o700), "write to", label)
            let descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            // Another process may take it for abandoned before it is locked; nothing else is worth another attempt.
            if descriptor < 0, errno != ENOENT { throw System.failure("write to", label) }
            if descriptor >= 0, Self.lock(descriptor), Self.isThere(name, in: parent) {
                self.descriptor = descriptor
                self.name = name
                let own = dup(parent)
                guard own >= 0 else {
                    close(descriptor)
                    throw System.failure("write to", label)
                }
                self.parent = own
                return
            }
            if descriptor >= 0 { close(descriptor) }
        }
    }

    deinit {
        close(descriptor)
        try? DirectoryRemover.remove(parent, System.name(name.utf8), label: name, isCancellable: false)
        close(parent)
    }

    /// Whether a name is that of a staging directory, this one or another's.
    func isOwn(_ name: [UInt8]) -> Bool { name.starts(with: Self.prefix.utf8) }

    /// False when another process holds it. Where a file system knows no locks, nobody takes anything for abandoned.
    private static func lock(_ descriptor: Int32) -> Bool {
        flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
    }

    private static func isThere(_ name: String, in parent: Int32) -> Bool {
        var status = stat()
        return fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0
    }

    private static func removeAbandoned(in parent: Int32, _ label: String) throws {
        let path = TreePath(unchecked: Array(label.utf8))
        for name in try Listing.names(of: parent, path) where name.starts(with: prefix.utf8) {
            let name = System.name(name)
            let descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { try? DirectoryRemover.remove(parent, name, path) }
        }
    }
}
