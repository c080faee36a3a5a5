// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import SystemPackage

/// Reads files of settings.
package enum SmallFile {
    /// The bytes of a file of at most 16 MiB.
    package static func read(_ path: FilePath) throws -> [UInt8] {
        let descriptor = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        return try descriptor.closeAfter {
            var bytes: [UInt8] = []
            while true {
                let chunk = try [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, count in
                    count = try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
                guard !chunk.isEmpty else { return bytes }
                bytes += chunk
                guard bytes.count <= 16 << 20 else { throw Errno.fileTooLarge }
            }
        }
    }
}
