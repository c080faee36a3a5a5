// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CArchive
import Glibc

/// Copies a file's bytes and leaves holes where it has holes.
enum SparseCopy {
    // SEEK_DATA and SEEK_HOLE of lseek(2), which Swift's Glibc module leaves out.
    private static let seekData: Int32 = 3
    private static let seekHole: Int32 = 4

    /// Copies everything from the source's beginning.
    ///
    /// - Returns: the file's length.
    static func copy(_ source: Int32, to target: Int32, label: String) throws -> Int64 {
        var status = stat()
        try System.check(fstat(source, &status), "look at the source of", label)
        let size = off_t(status.st_size)
        var position: off_t = 0
        while position < size {
            try Task.checkCancellation()
            var start = lseek(source, position, seekData)
            if start < 0 {
                if errno == ENXIO { break }
                // A file system that does not know of holes.
                start = position
            }
            let hole = lseek(source, start, seekHole)
            position = try copy(source, to: target, from: start, until: hole < 0 ? size : min(hole, size), label)
            if position <= start { break }
        }
        try System.check(ftruncate(target, size), "write", label)
        return Int64(size)
    }

    private static func copy(
        _ source: Int32, to target: Int32, from start: off_t, until end: off_t, _ label: String
    ) throws -> off_t {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        if lseek(target, start, SEEK_SET) < 0 { throw System.failure("write", label) }
        var position = start
        while position < end {
            try Task.checkCancellation()
            let count = pread(source, buffer.baseAddress, min(buffer.count, Int(end - position)), position)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw System.failure("read the source of", label) }
            if count == 0 { break }
            try System.write(target, UnsafeRawBufferPointer(rebasing: buffer[..<count]), path: label)
            position += off_t(count)
        }
        return position
    }
}
