// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage

/// The directories of one run below its scratch directory.
struct RunDirectories: Hashable, Sendable {
    /// Where the root file system is mounted before it becomes the root.
    var root: FilePath
    /// The bottom-most layer: mount points that the image may lack.
    var stubs: FilePath
    /// The top-most layer: mount points that the image hides.
    var topStubs: FilePath
    /// An empty directory that hides others.
    var empty: FilePath

    init(scratch: FilePath) {
        root = scratch.appending("root")
        stubs = scratch.appending("stubs")
        topStubs = scratch.appending("top")
        empty = scratch.appending("empty")
    }

    /// Makes the directories, and in the bottom-most layer a mount point for everything that the run mounts.
    func make(for mounts: [SandboxMount]) throws(SandboxError) {
        for path in [root, stubs, empty] { try Self.makeDirectory(path) }
        for name in ["proc", "sys", "dev"] { try Self.makeDirectory(stubs.appending(name)) }
        for mount in mounts {
            var path = stubs
            let components = MountPoint.components(of: mount.target)
            for (index, component) in components.enumerated() {
                path.append(component)
                if index == components.count - 1 && !mount.isDirectory {
                    try Self.makeFile(path)
                } else {
                    try Self.makeDirectory(path)
                }
            }
        }
    }

    /// Takes away the mark that a mount without syncs leaves in `work`, which would refuse the next one. It warns of an
    /// upper directory that a crash may have spoilt; ours was empty before.
    static func unmark(work: FilePath) {
        let mark = work.appending("work").appending("incompat")
        _ = mark.appending("volatile").appending("dirty").withPlatformString { unlink($0) }
        _ = mark.appending("volatile").withPlatformString { rmdir($0) }
        _ = mark.withPlatformString { rmdir($0) }
    }

    /// Makes a directory that everybody can go through, whatever the umask; one that is there stays as it is.
    static func makeDirectory(_ path: FilePath) throws(SandboxError) {
        let made = path.withPlatformString { mkdir($0, 0o755) == 0 && chmod($0, 0o755) == 0 }
        guard made || errno == EEXIST else {
            throw .preparation("making directory \(path)", Errno(rawValue: errno))
        }
    }

    static func makeFile(_ path: FilePath) throws(SandboxError) {
        let result = path.withPlatformString { open($0, O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o644) }
        guard result >= 0 else { throw .preparation("making file \(path)", Errno(rawValue: errno)) }
        _ = fchmod(result, 0o644)
        close(result)
    }
}

extension SandboxMount {
    /// Whether the mount point is a directory.
    var isDirectory: Bool {
        switch source {
        case .file: false
        case .directory, .memory: true
        }
    }
}
