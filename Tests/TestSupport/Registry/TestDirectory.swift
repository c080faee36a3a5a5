// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import SystemPackage

/// Directories of the registries that tests start.
enum TestDirectory {
    static func make() throws -> FilePath {
        var template = Array("/tmp/manifold-registry-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        return FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    static func write(_ bytes: [UInt8], to path: FilePath) throws {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: .ownerReadWrite)
        _ = try file.closeAfter { try file.writeAll(bytes) }
    }

    static func read(_ path: FilePath) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(filePath: path.string)))
    }

    static func remove(_ path: FilePath) {
        try? FileManager.default.removeItem(atPath: path.string)
    }
}
