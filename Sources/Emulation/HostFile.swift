// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage

/// Small files of this host.
enum HostFile {
    /// The first bytes of a file; nil when it cannot be read.
    static func beginning(of path: FilePath, count: Int) -> [UInt8]? {
        guard let descriptor = try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking]) else {
            return nil
        }
        defer { try? descriptor.close() }
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
}
