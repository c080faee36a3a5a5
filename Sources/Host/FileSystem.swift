// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import SystemPackage

/// The file system that holds a path.
public struct FileSystem: Hashable, Sendable {
    public let freeBytes: UInt64
    public let totalBytes: UInt64
    /// The largest number where the file system makes inodes as it needs them.
    public let freeInodes: UInt64
    /// Where it is mounted; the path itself where the kernel's list of mounts does not tell.
    public let mountPoint: FilePath
    /// As in `ext4`; nil where the kernel's list of mounts does not tell.
    public let type: String?
    /// Whether set-uid programs on it get no rights.
    public let ignoresSetUserID: Bool
    public let isReadOnly: Bool
    /// Whether it refuses to execute files.
    public let refusesPrograms: Bool

    /// Asks the kernel; nil when the path is not there.
    public init?(of path: FilePath) {
        var numbers = statvfs()
        var status = stat()
        guard statvfs(path.string, &numbers) == 0, stat(path.string, &status) == 0 else { return nil }
        let unit = UInt64(numbers.f_frsize)
        freeBytes = UInt64(numbers.f_bavail) &* unit
        totalBytes = UInt64(numbers.f_blocks) &* unit
        freeInodes = numbers.f_files == 0 ? .max : UInt64(numbers.f_favail)
        // ST_RDONLY, ST_NOSUID and ST_NOEXEC of statvfs(3).
        isReadOnly = numbers.f_flag & 1 != 0
        ignoresSetUserID = numbers.f_flag & 2 != 0
        refusesPrograms = numbers.f_flag & 8 != 0
        let mount = Self.mount(of: status.st_dev, above: path)
        type = mount?.type
        mountPoint = mount?.point ?? path
    }

    /// Looks a device up in mountinfo (proc_pid_mountinfo(5)).
    private static func mount(of device: dev_t, above path: FilePath) -> (type: String, point: FilePath)? {
        // gnu_dev_major(3) and gnu_dev_minor(3), which are macros.
        let major = (device >> 8) & 0xfff | (device >> 32) & ~0xfff
        let minor = device & 0xff | (device >> 12) & ~0xff
        var found: (type: String, point: FilePath)?
        let wanted = "\(major):\(minor)"
        for line in (SystemFile.text("/proc/self/mountinfo") ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 4, words[2] == wanted, path.starts(with: FilePath(String(words[4]))),
                let dash = words.firstIndex(of: "-"), dash + 1 < words.count
            else { continue }
            found = (String(words[dash + 1]), FilePath(String(words[4])))
        }
        return found
    }
}
