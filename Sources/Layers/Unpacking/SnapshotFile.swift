// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CArchive
import Glibc
import SystemPackage

/// A regular file of a snapshot while it is written.
final class SnapshotFile {
    private let descriptor: Int32
    private let entry: TreeEntry
    private let skip: (TreePath, String) -> Void

    /// `skip` is told of attributes that the system refuses.
    init(owning descriptor: Int32, entry: TreeEntry, skip: @escaping (TreePath, String) -> Void) {
        self.descriptor = descriptor
        self.entry = entry
        self.skip = skip
    }

    deinit { close(descriptor) }

    func append(_ piece: TarReader.Piece) throws {
        switch piece {
        case .data(let bytes): try System.write(descriptor, bytes, path: entry.path.description)
        case .hole(let count):
            if lseek(descriptor, off_t(count), SEEK_CUR) < 0 { throw System.failure("seek in", entry.path) }
        }
    }

    /// Sets length, owner, mode, attributes and time: the owner first, because chown(2) takes set-id bits and
    /// capabilities away.
    func finish() throws {
        let path = entry.path.description
        let position = lseek(descriptor, 0, SEEK_CUR)
        if position > 0 { try System.check(ftruncate(descriptor, position), "set the length of", path) }
        try System.check(fchown(descriptor, entry.uid, entry.gid), "chown", path)
        try System.check(fchmod(descriptor, mode_t(entry.mode)), "chmod", path)
        for (name, value) in entry.xattrs {
            if fsetxattr(descriptor, name, value, value.count, 0) < 0 { skip(entry.path, name) }
        }
        var times = SnapshotWriter.times(entry.modificationTime)
        try System.check(futimens(descriptor, &times), "set time of", path)
    }
}
