// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage

/// A directory for one test.
enum Scratch {
    static func with<Result>(_ body: (FilePath) async throws -> sending Result) async throws -> sending Result {
        let path = FileManager.default.temporaryDirectory.path + "/audit-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(FilePath(path))
    }
}
