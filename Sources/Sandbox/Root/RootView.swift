// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Glibc
public import SystemPackage

/// A root file system, read from outside and before anything runs in it, without anything of it leading out.
public final class RootView: Sendable {
    let root: FileDescriptor

    /// Opens layers, lowest first, as the one tree that they make.
    public convenience init(layers: [FilePath]) throws(SandboxError) {
        guard layers.count <= RootFileSystem.maximumLowers else { throw .tooManyLayers(layers.count) }
        try self.init(topmostFirst: layers.reversed())
    }

    init(topmostFirst layers: [FilePath]) throws(SandboxError) {
        let strings = layers.map { strdup($0.string) }
        defer { strings.forEach { free($0) } }
        let pointers = strings.map { UnsafePointer<CChar>($0) }
        let descriptor = layers.isEmpty ? -1 : mf_overlay_view(pointers, pointers.count)
        guard descriptor >= 0 else {
            throw .preparation(
                "opening the layers of the root file system", layers.isEmpty ? .invalidArgument : Errno(rawValue: errno)
            )
        }
        root = FileDescriptor(rawValue: descriptor)
    }

    deinit { try? root.close() }

    /// The contents of a regular file, or nil when it is not there.
    ///
    /// Symbolic links are followed as somebody inside would follow them (openat2(2), RESOLVE_IN_ROOT).
    /// - Throws: ``SandboxError/unreadable(_:reason:)`` for what is not a regular file or longer than `limit`.
    public func contents(of path: String, limit: Int = 10 << 20) throws(SandboxError) -> [UInt8]? {
        let descriptor = mf_open_in_root(root.rawValue, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .unreadable(path, reason: "\(Errno(rawValue: errno))")
        }
        let file = FileDescriptor(rawValue: descriptor)
        defer { try? file.close() }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path, reason: "it is not a regular file")
        }
        guard status.st_size <= limit else {
            throw .unreadable(path, reason: "it is longer than \(limit) bytes")
        }
        do {
            return try HostFile.bytes(of: file, limit: limit)
        } catch {
            throw .unreadable(path, reason: "\(error)")
        }
    }

    /// Whether a file has any permission to be executed; nil when it is not there.
    public func isExecutable(_ path: String) -> Bool? {
        let descriptor = mf_open_in_root(root.rawValue, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        return status.st_mode & 0o111 != 0
    }

    /// Bytes of a regular file, fewer at its end; nil when it is not there or cannot be read.
    ///
    /// Symbolic links are followed as ``contents(of:limit:)`` does.
    public func bytes(of path: String, at offset: UInt64, count: Int) -> [UInt8]? {
        let descriptor = mf_open_in_root(root.rawValue, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0)
        guard descriptor >= 0 else { return nil }
        let file = FileDescriptor(rawValue: descriptor)
        defer { try? file.close() }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            let offset = Int64(exactly: offset)
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        var length = 0
        while length < count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                try? file.read(
                    fromAbsoluteOffset: offset + Int64(length),
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[length...]))
            }
            guard let got else { return nil }
            if got == 0 { break }
            length += got
        }
        return Array(bytes[..<length])
    }

    /// The image's users and groups; both lists are empty when the files are not there.
    public func userDatabase() throws(SandboxError) -> UserDatabase {
        let passwd = try contents(of: "/etc/passwd") ?? []
        let group = try contents(of: "/etc/group") ?? []
        return UserDatabase(
            passwd: String(decoding: passwd, as: UTF8.self), group: String(decoding: group, as: UTF8.self))
    }
}
