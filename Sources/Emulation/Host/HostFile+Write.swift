// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage

extension HostFile {
    /// The most bytes of a file that is changed.
    private static let limit = 1 << 20

    /// The text of a file; nil when there is none.
    static func text(of path: FilePath) throws(HostInstallError) -> String? {
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
            defer { try? file.close() }
            guard let bytes = beginning(of: file, count: limit + 1) else { throw Errno.ioError }
            // What is written back must be what was read, to the last byte.
            guard bytes.count <= limit else { throw Errno.fileTooLarge }
            guard let text = String(validating: bytes, as: UTF8.self) else { throw Errno.illegalByteSequence }
            return text
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch {
            throw .file(path, error as? Errno ?? .ioError)
        }
    }

    /// Puts a whole file in the place of the one that was there, if any; whoever reads it meanwhile sees the one or the
    /// other. A link stays one: what it leads to is replaced.
    static func replace(
        _ path: FilePath, with text: String, mode: UInt32 = 0o644
    ) throws(HostInstallError) {
        let path = resolved(path) ?? path
        var old = stat()
        let isThere = stat(path.string, &old) == 0
        let temporary = path.removingLastComponent().appending(".manifold-\(getpid()).tmp")
        unlink(temporary.string)
        do {
            let file = try FileDescriptor.open(
                temporary, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: .ownerReadWrite)
            try file.closeAfter {
                _ = try file.writeAll(Array(text.utf8))
                if isThere { _ = fchown(file.rawValue, old.st_uid, old.st_gid) }
                guard fchmod(file.rawValue, isThere ? old.st_mode & 0o7777 : mode) == 0, fsync(file.rawValue) == 0
                else { throw Errno(rawValue: errno) }
            }
            guard rename(temporary.string, path.string) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            unlink(temporary.string)
            throw .file(path, error as? Errno ?? .ioError)
        }
    }

    /// Makes a directory and those above it.
    static func makeDirectory(_ path: FilePath) throws(HostInstallError) {
        if mkdir(path.string, 0o755) == 0 || errno == EEXIST { return }
        let error = Errno(rawValue: errno)
        guard error == .noSuchFileOrDirectory, path.lastComponent != nil else { throw .file(path, error) }
        try makeDirectory(path.removingLastComponent())
        guard mkdir(path.string, 0o755) == 0 || errno == EEXIST else { throw .file(path, Errno(rawValue: errno)) }
    }

    /// Removes a file, if it is there.
    static func remove(_ path: FilePath) throws(HostInstallError) {
        guard unlink(path.string) != 0, errno != ENOENT else { return }
        throw .file(path, Errno(rawValue: errno))
    }

    /// Whether something is there.
    static func exists(_ path: FilePath) -> Bool { access(path.string, F_OK) == 0 }
}
