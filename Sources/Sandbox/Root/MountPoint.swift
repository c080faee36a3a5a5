// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Glibc
import SystemPackage

/// A path below a root directory, its symbolic links followed as somebody inside would follow them.
struct MountPoint {
    /// The components of the real path; none of them is a link.
    var components: [String]
    /// How many of them are there.
    var existing: Int

    /// Follows `path` below `root`, an open directory.
    init(_ path: String, in root: FileDescriptor) throws(SandboxError) {
        var pending = Self.components(of: path)
        pending.reverse()
        components = []
        existing = 0
        var links = 0
        while let next = pending.popLast() {
            if next == ".." {
                if existing == components.count { existing = max(0, existing - 1) }
                _ = components.popLast()
                continue
            }
            let isHere = existing == components.count
            components.append(next)
            guard isHere else { continue }
            let whole = components.joined(separator: "/")
            let descriptor = mf_look_in_root(root.rawValue, whole)
            guard descriptor >= 0 else {
                if errno == ENOENT { continue }
                throw .preparation("looking for /\(whole) in the root file system", Errno(rawValue: errno))
            }
            defer { close(descriptor) }
            var status = stat()
            guard fstat(descriptor, &status) == 0 else {
                throw .preparation("looking at /\(whole) in the root file system", Errno(rawValue: errno))
            }
            guard status.st_mode & S_IFMT == S_IFLNK else {
                existing = components.count
                continue
            }
            links += 1
            guard links <= 40 else {
                throw .preparation("looking for \(path) in the root file system", .tooManySymbolicLinkLevels)
            }
            let destination = try Self.destination(of: descriptor)
            components.removeLast()
            if destination.hasPrefix("/") { (components, existing) = ([], 0) }
            pending += Self.components(of: destination).reversed()
        }
    }

    /// The names in a path; empty ones and `.` are left out, `..` is kept.
    static func components(of path: String) -> [String] {
        path.split(separator: "/").filter { $0 != "." }.map(String.init)
    }

    private static func destination(of link: Int32) throws(SandboxError) -> String {
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            count = start.withMemoryRebound(to: CChar.self, capacity: buffer.count) {
                max(0, readlinkat(link, "", $0, buffer.count))
            }
        }
        guard !bytes.isEmpty else { throw .preparation("reading a symbolic link", Errno(rawValue: errno)) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
