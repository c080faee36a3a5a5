// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import HTTP
import SystemPackage

/// Changes files of settings so that a reader sees the old text or the new one.
enum AtomicFile {
    /// Who may read a file from now on.
    enum Audience {
        /// Nobody but its owner.
        case owner
        /// Whoever could; of a new file only its owner.
        case asBefore
    }

    /// Replaces a file's content by what `change` makes of it; nil leaves it as it is.
    ///
    /// A link is followed, the mode is kept as far as `audience` says (0600 for a new file), missing
    /// directories are made (0700). Whoever changes a file of the same directory by this function waits meanwhile.
    static func update(
        _ path: FilePath, audience: Audience = .asBefore, _ change: ([UInt8]?) throws -> [UInt8]?
    ) throws {
        let target = resolved(path)
        let directory = target.removingLastComponent()
        try makeDirectories(directory)
        let lock = try FileDescriptor.open(
            directory.isEmpty ? "." : directory, .readOnly, options: [.directory, .closeOnExec])
        defer { try? lock.close() }
        while flock(lock.rawValue, LOCK_EX) != 0 {
            guard errno == EINTR else { throw Errno(rawValue: errno) }
        }
        var status = stat()
        let exists = stat(target.string, &status) == 0
        guard let bytes = try change(exists ? SmallFile.read(target) : nil) else { return }
        let scratch = FilePath("\(target).manifold-\(getpid())")
        let file = try FileDescriptor.open(
            scratch, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: .ownerReadWrite)
        do {
            try file.closeAfter {
                if exists { fchmod(file.rawValue, status.st_mode & (audience == .owner ? 0o700 : 0o7777)) }
                try file.writeAll(bytes)
                guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
            }
            guard rename(scratch.string, target.string) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            unlink(scratch.string)
            throw error
        }
    }

    private static func resolved(_ path: FilePath) -> FilePath {
        guard let found = realpath(path.string, nil) else { return path }
        defer { free(found) }
        return FilePath(platformString: found)
    }

    private static func makeDirectories(_ path: FilePath) throws {
        guard !path.isEmpty, access(path.string, F_OK) != 0 else { return }
        try makeDirectories(path.removingLastComponent())
        guard mkdir(path.string, 0o700) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
    }
}
