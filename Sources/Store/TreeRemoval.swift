// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage

/// Removal of directory trees by descriptors, so that no name is looked up twice and no link is followed.
enum TreeRemoval {
    static func remove(_ name: String, in parent: Int32, path: FilePath) throws {
        try name.withCString { (pointer) in
            try removeEntry(pointer, in: parent, path: path)
        }
    }

    /// Takes over the descriptor.
    private static func removeContents(of descriptor: Int32, path: FilePath) throws {
        guard let stream = fdopendir(descriptor) else {
            close(descriptor)
            throw Files.failure("list", path)
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            // The raw bytes of the name are kept: it need not be UTF-8.
            let isDot = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                bytes[0] == 46 && (bytes[1] == 0 || (bytes[1] == 46 && bytes[2] == 0))
            }
            if isDot { continue }
            try withUnsafeBytes(of: &entry.pointee.d_name) { (bytes) in
                guard let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
                try removeEntry(base, in: dirfd(stream), path: path)
            }
        }
    }

    private static func removeEntry(
        _ name: UnsafePointer<CChar>, in parent: Int32, path: FilePath
    ) throws {
        if unlinkat(parent, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM || errno == EACCES else { throw Files.failure("remove", path) }
        var directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if directory < 0 && errno == EACCES {
            // overlayfs leaves its work directory without any permission
            fchmodat(parent, name, 0o700, 0)
            directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        }
        guard directory >= 0 else { throw Files.failure("remove", path) }
        try removeContents(of: directory, path: path)
        guard unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
            throw Files.failure("remove", path)
        }
    }
}
