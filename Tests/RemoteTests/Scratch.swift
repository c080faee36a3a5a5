// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import SystemPackage

/// A directory for one test.
enum Scratch {
    static func with<Result>(_ body: (FilePath) async throws -> sending Result) async throws -> sending Result {
        let path = FileManager.default.temporaryDirectory.path + "/remote-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(FilePath(path))
    }

    /// Everything in an open file.
    static func content(of file: FileDescriptor) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try file.seek(offset: 0, from: .start)
        while true {
            let chunk = try [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            if chunk.isEmpty { return bytes }
            bytes += chunk
        }
    }

    /// The content of a file.
    static func text(_ path: FilePath) throws -> String { try String(contentsOfFile: path.string, encoding: .utf8) }

    /// All paths below a directory, sorted.
    static func names(in directory: FilePath) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: directory.string).sorted()
    }
}
