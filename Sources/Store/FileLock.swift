// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage

/// An advisory lock on a file (flock(2)), held until it is released or the process ends in whatever way.
final class FileLock: Sendable {
    enum Mode {
        case shared, exclusive
    }

    private let descriptor: Int32

    /// Takes the lock if that is possible at once; nil when another process holds it.
    ///
    /// - Throws: ``StoreError`` when the file cannot be made.
    init?(_ path: FilePath, _ mode: Mode) throws {
        let descriptor = open(path.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Files.failure("open", path) }
        guard flock(descriptor, (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            if code == EWOULDBLOCK || code == EINTR { return nil }
            throw StoreError.file(operation: "lock", path: path, errno: Errno(rawValue: code))
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
