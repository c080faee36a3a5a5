// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
public import SystemPackage

/// The use of a directory that RUN steps keep from build to build.
public final class CacheLease: Sendable {
    /// Who may use it at the same time.
    public enum Sharing: Sendable {
        /// Anybody.
        case shared
        /// One at a time; others wait.
        case exclusive
        /// One at a time; others get a directory of their own.
        case own
    }

    /// The directory.
    public let path: FilePath
    private let lock: FileLock

    init(path: FilePath, lock: FileLock) {
        self.path = path
        self.lock = lock
    }
}

extension Store {
    /// Borrows the cache directory of this name, which `fill` makes when there is none.
    ///
    /// - Parameter fill: makes the directory at the path that it is given, whole or not at all.
    /// - Returns: a lease; the directory is free for others when it is gone.
    /// - Throws: what `fill` throws, ``StoreError``, `CancellationError` while it waits.
    public func lease(
        cache name: String, sharing: CacheLease.Sharing, fill: (FilePath) async throws -> Void
    ) async throws -> CacheLease {
        let folder = root.appending("caches")
        let stem = Digest.sha256(of: name).encoded
        var number = 0
        while true {
            try Task.checkCancellation()
            let path = folder.appending(number == 0 ? stem : "\(stem)-\(number)")
            let mode: FileLock.Mode = sharing == .shared && Files.exists(path) ? .shared : .exclusive
            guard let lock = try FileLock(FilePath(path.string + ".lock"), mode) else {
                if sharing == .own { number += 1 } else { try await Task.sleep(for: .milliseconds(50)) }
                continue
            }
            if !Files.exists(path) {
                let fresh = scratch.newPath("cache")
                try await fill(fresh)
                try Files.rename(fresh, to: path)
                // Who shares does so from now on.
                if sharing == .shared { continue }
            }
            return CacheLease(path: path, lock: lock)
        }
    }
}
