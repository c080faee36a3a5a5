// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
package import SystemPackage

/// An advisory lock on a file (flock(2)), held until it is released or the process ends in whatever way.
package final class FileLock: Sendable {
    package enum Mode {
        case shared, exclusive
    }

    private let descriptor: Int32

    /// Takes the lock if that is possible at once; nil when another process holds it.
    ///
    /// - Throws: ``StoreError`` when the file cannot be made.
    package init?(_ path: FilePath, _ mode: Mode) throws {
        while true {
            // Where others may write, a link would lead anywhere.
            let descriptor = open(path.string, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw Files.failure("open", path) }
            guard flock(descriptor, (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 else {
                let code = errno
                close(descriptor)
                if code == EWOULDBLOCK || code == EINTR { return nil }
                throw StoreError.file(operation: "lock", path: path, errno: Errno(rawValue: code))
            }
            if Self.isSame(descriptor, path) {
                self.descriptor = descriptor
                return
            }
            // Whoever held the lock removed the file after it was opened here: a lock on it keeps nobody out.
            close(descriptor)
        }
    }

    /// Takes the lock on a directory if that is possible at once; nil when another process holds it.
    ///
    /// - Throws: ``StoreError`` when the directory cannot be read.
    package init?(directory path: FilePath, _ mode: Mode) throws {
        descriptor = open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Files.failure("open", path) }
        guard !change(to: mode) else { return }
        guard errno == EWOULDBLOCK || errno == EINTR else { throw Files.failure("lock", path) }
        return nil
    }

    /// Changes the mode, if nobody else's lock forbids that; when it does, the lock may be lost.
    package func change(to mode: Mode) -> Bool {
        flock(descriptor, (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0
    }

    private static func isSame(_ descriptor: Int32, _ path: FilePath) -> Bool {
        var (held, named) = (stat(), stat())
        return fstat(descriptor, &held) == 0 && stat(path.string, &named) == 0
            && held.st_dev == named.st_dev && held.st_ino == named.st_ino
    }

    deinit { close(descriptor) }
}
