// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Store
import SystemPackage

/// A directory on the store's file system in which things are tried; it is gone afterwards.
struct ProofPlace: Sendable {
    let path: FilePath

    /// - Throws: `Errno`.
    init(in directory: FilePath) throws {
        var template = Array(directory.appending("manifold-doctor-XXXXXX").string.utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    func directory(_ name: String) throws -> FilePath {
        let directory = path.appending(name)
        try Files.makeDirectories(directory, mode: 0o755)
        return directory
    }

    func remove() { try? Files.removeTree(path) }
}
