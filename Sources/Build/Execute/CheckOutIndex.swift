// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
import OCI
import SystemPackage

/// Makes the index of a directory that git wrote: with what git knows of files and nothing of this host.
enum CheckOutIndex {
    /// Files get mode 0644, or 0755 when they can be executed, and everything belongs to root and has the same time.
    static func index(of directory: FilePath, time: FileTime) throws -> LayerIndex {
        var scanner = ContextScanner(ContextDirectory(directory), ignore: nil, own: .none)
        try scanner.scan()
        let root = try RootDirectory(directory)
        var entries = try scanner.takeEntries().map { found in
            try Task.checkCancellation()
            var entry = found
            entry.modificationTime = time
            switch entry.kind {
            case .file:
                entry.mode = found.mode & 0o100 == 0 ? 0o644 : 0o755
                let file = try root.open(entry.path)
                defer { try? file.close() }
                (entry.digest, entry.size) = try FileHasher.hash(file)
            case .directory: entry.mode = 0o755
            default: entry.mode = 0o777
            }
            return entry
        }
        var top = TreeEntry.impliedDirectory(.root)
        top.modificationTime = time
        entries.insert(top, at: 0)
        return try LayerIndex(entries: entries)
    }
}
