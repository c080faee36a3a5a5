// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import SystemPackage

/// A directory of one process for work in progress; it goes with the process.
///
/// Beside it lies a lock file. Whoever opens the store removes the directories whose lock nobody holds: those of
/// processes that were killed.
public final class Scratch: Sendable {
    /// The directory.
    public let path: FilePath
    private let lockPath: FilePath
    private let lock: FileLock

    init(in folder: FilePath) throws {
        while true {
            let name = "\(getpid())-\(UInt64.random(in: 0 ... .max))"
            let lockPath = folder.appending("\(name).lock")
            guard let lock = try FileLock(lockPath, .exclusive) else { continue }
            self.path = folder.appending(name)
            self.lockPath = lockPath
            self.lock = lock
            try Files.makeDirectories(path)
            return
        }
    }

    deinit {
        // What cannot be removed now is removed when the store is opened next.
        try? Files.removeTree(path)
        unlink(lockPath.string)
    }

    /// A path in the directory that nobody uses yet.
    public func newPath(_ purpose: String) -> FilePath {
        path.appending("\(purpose)-\(UInt64.random(in: 0 ... .max))")
    }

    /// Makes a fresh file, open for reading and writing; the caller closes it, and removes it unless it is moved away.
    ///
    /// - Throws: ``StoreError``.
    public func newFile(_ purpose: String) throws -> (path: FilePath, file: FileDescriptor) {
        let path = newPath(purpose)
        let descriptor = open(path.string, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Files.failure("create", path) }
        return (path, FileDescriptor(rawValue: descriptor))
    }

    /// Makes a fresh directory.
    public func newDirectory(_ purpose: String) throws -> FilePath {
        let path = newPath(purpose)
        try Files.makeDirectories(path)
        return path
    }

    /// Removes what dead processes left in `folder`, as far as that is possible: leftovers are no reason to refuse
    /// work.
    static func removeAbandoned(in folder: FilePath) {
        for name in (try? Files.names(in: folder)) ?? [] {
            let isLock = name.hasSuffix(".lock")
            let stem = isLock ? String(name.dropLast(5)) : name
            let lockPath = folder.appending("\(stem).lock")
            if !isLock {
                // A directory without a lock file was left between two removals.
                if !Files.exists(lockPath) { try? Files.removeTree(folder.appending(stem)) }
                continue
            }
            guard let lock = try? FileLock(lockPath, .exclusive) else { continue }
            do {
                try Files.removeTree(folder.appending(stem))
                unlink(lockPath.string)
            } catch {
                // The next one tries again.
            }
            withExtendedLifetime(lock) {}
        }
    }
}
