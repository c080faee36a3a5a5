// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import OCI
import SystemPackage

/// Small files of this host.
enum HostFile {
    /// The first bytes of a file; nil when it cannot be read.
    static func beginning(of path: FilePath, count: Int) -> [UInt8]? {
        guard let descriptor = try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking]) else {
            return nil
        }
        defer { try? descriptor.close() }
        return beginning(of: descriptor, count: count)
    }

    /// The bytes from the descriptor's position on; nil when they cannot be read.
    static func beginning(of descriptor: FileDescriptor, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var length = 0
        while length < count {
            guard
                let got = try? bytes.withUnsafeMutableBytes({ buffer in
                    try descriptor.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[length...]))
                })
            else { return nil }
            if got == 0 { break }
            length += got
        }
        return Array(bytes[..<length])
    }

    /// The digest of a file; nil when it cannot be read.
    static func digest(of path: FilePath) -> Digest? {
        guard let descriptor = try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking]) else {
            return nil
        }
        defer { try? descriptor.close() }
        var digester = Digester()
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            guard let count = try? buffer.withUnsafeMutableBytes({ try descriptor.read(into: $0) }) else { return nil }
            if count == 0 { return digester.digest() }
            buffer.withUnsafeBytes { digester.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }

    /// The path without links; nil when there is no such file.
    static func resolved(_ path: FilePath) -> FilePath? {
        guard let text = realpath(path.string, nil) else { return nil }
        defer { free(text) }
        return FilePath(String(cString: text))
    }

    /// The names in a directory in order; none when it cannot be read.
    static func names(in directory: FilePath) -> [String] {
        guard let stream = opendir(directory.string) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
