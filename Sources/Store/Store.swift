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
///     layers/HEX.FORM    the blob that has the layer in another compression
///     indexes/HEX        the index of a layer's entries
///     facts/HEX          what machines the programs in that layer are for
///     snapshots/HEX      the layer unpacked, as a lower directory for overlayfs
///     steps/HEX          the result of the build step with that key
///     files/HEX          digests of files in build contexts
///     origins/HEX        the repositories in which the blob or manifest with that digest was seen
///     names/HEX          the images that were built, by name
///     downloads/HEX      what was downloaded from an address
///     emulators/HEX      emulators that were imported, which no removal of what builds keep touches
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

    /// Opens a store, making it when there is none: in a directory that is missing or empty, never among the files of
    /// others.
    ///
    /// - Throws: ``StoreError``.
    public init(at root: FilePath, access: Access = .shared) throws {
        self.root = root
        try Files.makeDirectories(root)
        if try !Self.isStore(root) {
            // Before anything else, so that a process that dies here leaves an empty directory or a store.
            try Files.write(Array((Self.version + "\n").utf8), to: root.appending("version"))
        }
        guard let lock = try FileLock(root.appending("lock"), access == .shared ? .shared : .exclusive) else {
            throw StoreError.busy(path: root)
        }
        self.lock = lock
        for folder in Self.folders { try Files.makeDirectories(root.pushing(FilePath(folder))) }
        let scratchFolder = root.appending("scratch")
        Scratch.removeAbandoned(in: scratchFolder)
        self.scratch = try Scratch(in: scratchFolder)
    }

    /// Whether there is a store in a directory; not when that is missing or empty.
    ///
    /// - Throws: ``StoreError/notAStore(path:)`` when it holds something else,
    ///   ``StoreError/unknownVersion(_:path:)``.
    public static func isStore(_ root: FilePath) throws -> Bool {
        while true {
            let bytes = try Files.read(root.appending("version"), limit: 4096)
            if let bytes, !bytes.isEmpty {
                let found = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
                guard found == version else { throw StoreError.unknownVersion(found, path: root) }
                return true
            }
            let names = try Files.names(in: root)
            // Another process made the store just now.
            if bytes == nil && names.contains("version") { continue }
            // A power failure may leave a `version` without bytes.
            let own = bytes == nil ? [] : folders.map { String($0.prefix { $0 != "/" }) } + ["lock", "version"]
            guard names.allSatisfy({ own.contains($0) || isTemporary($0) || $0 == "lost+found" }) else {
                throw StoreError.notAStore(path: root)
            }
            return false
        }
    }

    /// Whether a name is that of a `version` which a process was writing when it died, or is writing now.
    private static func isTemporary(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0] == "version"
            && parts.dropFirst().allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }
    }

    static let folders = [
        "blobs/sha256", "layers", "indexes", "facts", "snapshots", "steps", "files", "names", "origins", "caches",
        "downloads", "emulators", "scratch",
    ]
}
