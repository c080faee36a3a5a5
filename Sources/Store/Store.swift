// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// What manifold keeps between builds: blobs by their digest, layers unpacked, results of steps, names of images.
///
/// Everything is written under a temporary name and renamed into place, so a process that dies at any moment leaves
/// nothing half done behind. Any number of processes may use a store at once; only removal needs it alone.
///
///     version            the layout's version
///     lock               held shared by users, exclusively by whoever removes things
///     blobs/sha256/HEX   blobs as an OCI layout has them
///     layers/HEX         what is known of the layer with that diff ID
///     indexes/HEX        the index of a layer's entries
///     snapshots/HEX      the layer unpacked, as a lower directory for overlayfs
///     steps/HEX          the result of the build step with that key
///     files/HEX          digests of files in build contexts
///     names/HEX          the images that were built, by name
///     caches/            directories of RUN --mount=type=cache
///     scratch/           work in progress
public struct Store: Sendable {
    /// The directory.
    public let root: FilePath
    /// This process's own directory for work in progress.
    public let scratch: Scratch
    private let lock: FileLock

    /// How a store is opened.
    public enum Access: Sendable {
        /// Together with others.
        case shared
        /// Alone, to remove things.
        case exclusive
    }

    static let version = "1"

    /// Opens a store, making it when there is none.
    ///
    /// - Throws: ``StoreError``.
    public init(at root: FilePath, access: Access = .shared) throws {
        self.root = root
        for folder in Self.folders { try Files.makeDirectories(root.pushing(FilePath(folder))) }
        guard let lock = try FileLock(root.appending("lock"), access == .shared ? .shared : .exclusive) else {
            throw StoreError.busy(path: root)
        }
        self.lock = lock
        let versionPath = root.appending("version")
        if let bytes = try Files.read(versionPath, limit: 4096) {
            let version = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
            guard version == Self.version else { throw StoreError.unknownVersion(version, path: root) }
        } else {
            try Files.write(Array((Self.version + "\n").utf8), to: versionPath)
        }
        let scratchFolder = root.appending("scratch")
        try Scratch.removeAbandoned(in: scratchFolder)
        self.scratch = try Scratch(in: scratchFolder)
    }

    static let folders = [
        "blobs/sha256", "layers", "indexes", "snapshots", "steps", "files", "names", "caches", "scratch",
    ]
}
