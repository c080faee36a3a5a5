// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage

/// Lists a directory.
enum Listing {
    /// The names in an open directory, sorted by their bytes, without `.` and `..`.
    static func names(of directory: Int32, _ path: TreePath) throws -> [[UInt8]] {
        // A descriptor of its own, because closedir(3) closes it and reading moves its position.
        let own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try System.check(own, "open", path.description)
        guard let stream = fdopendir(own) else {
            let failure = System.failure("list", path)
            close(own)
            throw failure
        }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw System.failure("list", path) }
                return names.sorted { $0.lexicographicallyPrecedes($1) }
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != [dot], name != [dot, dot] { names.append(name) }
        }
    }
}
