// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage

/// A package of Debian's: an archive of ar(1) with the package's files as one tar archive in it (deb(5)).
enum DebianPackage {
    /// What such an archive begins with.
    static let magic = Array("!<arch>\n".utf8)

    /// Copies the tar archive of the package's files, as compressed as it is; false when there is none.
    ///
    /// - Throws: `Errno`.
    static func copyData(of package: FileDescriptor, to target: FileDescriptor) throws -> Bool {
        var offset = Int64(magic.count)
        var header = [UInt8](repeating: 0, count: 60)
        while try header.withUnsafeMutableBytes({ try package.read(fromAbsoluteOffset: offset, into: $0) }) == 60 {
            let name = String(decoding: header[..<16], as: UTF8.self)
            let digits = String(decoding: header[48..<58], as: UTF8.self).prefix { $0.isNumber }
            guard header[58...].elementsEqual([0x60, 0x0a]), let size = Int64(digits), size <= 1 << 40 else {
                return false
            }
            offset += 60
            if name.hasPrefix("data.tar") {
                try copy(size, of: package, from: offset, to: target)
                return true
            }
            offset += size + size % 2
        }
        return false
    }

    private static func copy(
        _ count: Int64, of source: FileDescriptor, from offset: Int64, to target: FileDescriptor
    ) throws {
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var done: Int64 = 0
        while done < count {
            let wanted = Int(min(Int64(buffer.count), count - done))
            let got = try buffer.withUnsafeMutableBytes { bytes in
                try source.read(
                    fromAbsoluteOffset: offset + done, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<wanted]))
            }
            if got == 0 { throw Errno.ioError }
            try buffer.withUnsafeBytes { _ = try target.writeAll($0[..<got]) }
            done += Int64(got)
        }
    }
}
