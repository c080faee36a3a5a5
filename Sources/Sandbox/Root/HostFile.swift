// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage

/// Small files of this host.
enum HostFile {
    /// The text of a file, at most 1 MiB of it; nil when it cannot be read.
    static func text(_ path: FilePath) -> String? {
        guard let descriptor = try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec]) else { return nil }
        defer { try? descriptor.close() }
        return (try? bytes(of: descriptor, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Up to `limit` bytes from where `descriptor` stands.
    static func bytes(of descriptor: FileDescriptor, limit: Int) throws -> [UInt8] {
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while result.count < limit {
            let count = try chunk.withUnsafeMutableBytes { try descriptor.read(into: $0) }
            if count == 0 { break }
            result += chunk[..<min(count, limit - result.count)]
        }
        return result
    }

    /// Makes or replaces a file; its mode is what is said, whatever the umask.
    static func write(
        _ text: String, to path: FilePath, mode: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]
    )
        throws
    {
        let descriptor = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: mode)
        try descriptor.closeAfter {
            guard fchmod(descriptor.rawValue, mode.rawValue) == 0 else { throw Errno(rawValue: errno) }
            _ = try descriptor.writeAll(text.utf8)
        }
    }
}
