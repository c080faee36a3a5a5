// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Store
import SystemPackage

/// A store for commands that keep nothing: they work without a home, and leave a store that others use alone.
enum TemporaryStore {
    /// Makes one for as long as `body` runs.
    ///
    /// - Throws: ``StoreError``, ``CommandError``, and what `body` throws.
    static func with<Result>(_ body: (Store) async throws -> Result) async throws -> Result {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        var template = Array(
            (FilePath(folder.isEmpty ? "/tmp" : folder).appending("manifold-XXXXXX").string).utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandError(
                "cannot make a directory in \(folder.isEmpty ? "/tmp" : folder): \(Errno(rawValue: errno))",
                remedy: "name a directory that you may write to with TMPDIR")
        }
        let directory = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        defer { try? Files.removeTree(directory) }
        return try await body(try Store(at: directory))
    }
}
