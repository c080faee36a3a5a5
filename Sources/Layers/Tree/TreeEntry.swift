// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// One thing in a layer or a tree: a file, a directory, a link, a device, or the mark that something below is gone.
public struct TreeEntry: Hashable, Sendable {
    /// Where it is.
    public var path: TreePath
    /// What it is.
    public var kind: Kind
    /// The twelve permission bits.
    public var mode: UInt16
    /// The owner.
    public var uid: UInt32
    /// The owning group.
    public var gid: UInt32
    /// How many bytes a regular file has; 0 for everything else.
    public var size: Int64
    /// When the content last changed.
    public var modificationTime: FileTime
    /// The extended attributes that belong to an image; never those of overlayfs itself.
    public var xattrs: [String: [UInt8]]
    /// The SHA-256 of a regular file's content, where it is known.
    public var digest: Digest?

    /// What an entry is.
    public enum Kind: Hashable, Sendable {
        /// A regular file.
        case file
        /// A directory; an opaque one hides everything that lower layers have in it.
        case directory(opaque: Bool)
        /// A symbolic link and its text, byte for byte.
        case symlink(target: [UInt8])
        /// Another name of a file in the same layer; size, metadata and digest are those of the file.
        case hardLink(target: TreePath)
        /// A character device.
        case characterDevice(major: UInt32, minor: UInt32)
        /// A block device.
        case blockDevice(major: UInt32, minor: UInt32)
        /// A named pipe.
        case fifo
        /// The mark that whatever lower layers have at this path is gone.
        case whiteout
    }

    public init(
        path: TreePath, kind: Kind, mode: UInt16 = 0, uid: UInt32 = 0, gid: UInt32 = 0, size: Int64 = 0,
        modificationTime: FileTime = .epoch, xattrs: [String: [UInt8]] = [:], digest: Digest? = nil
    ) {
        self.path = path
        self.kind = kind
        self.mode = mode & 0o7777
        self.uid = uid
        self.gid = gid
        self.size = size
        self.modificationTime = modificationTime
        self.xattrs = xattrs
        self.digest = digest
    }

    /// Whether this is a directory, opaque or not.
    public var isDirectory: Bool {
        if case .directory = kind { true } else { false }
    }

    /// A directory that no archive describes but something lies in: mode 0755, owned by root.
    public static func impliedDirectory(_ path: TreePath) -> TreeEntry {
        TreeEntry(path: path, kind: .directory(opaque: false), mode: 0o755)
    }
}

/// A point in time as file systems have it.
public struct FileTime: Hashable, Sendable, Comparable {
    /// Seconds since 1970, possibly negative.
    public var seconds: Int64
    /// Nanoseconds after that, 0 to 999,999,999.
    public var nanoseconds: UInt32

    /// The first of January 1970.
    public static let epoch = FileTime(seconds: 0)

    public init(seconds: Int64, nanoseconds: UInt32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    public static func < (left: FileTime, right: FileTime) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// This time in whole seconds, and not after `limit`.
    public func clamped(to limit: Int64?) -> FileTime {
        FileTime(seconds: limit.map { min(seconds, $0) } ?? seconds)
    }
}

/// Whether an extended attribute belongs to overlayfs: it must neither enter an image nor be taken from one, because
/// it would steer the kernel (redirects, opaque marks).
func isOverlayAttribute(_ name: String) -> Bool {
    name.hasPrefix("user.overlay.") || name.hasPrefix("trusted.overlay.") || name.hasPrefix("user.fuseoverlayfs.")
}
