// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Layers
public import SystemPackage

/// The few file operations that the store is made of; every failure names the operation and the path.
public enum Files {
    /// Makes a directory and its missing parents.
    public static func makeDirectories(_ path: FilePath, mode: UInt32 = 0o700) throws {
        if mkdir(path.string, mode) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, !path.removingLastComponent().isEmpty else { throw failure("create", path) }
        try makeDirectories(path.removingLastComponent(), mode: mode)
        guard mkdir(path.string, mode) == 0 || errno == EEXIST else { throw failure("create", path) }
    }

    /// Whether something is there, without following a last symbolic link.
    public static func exists(_ path: FilePath) -> Bool {
        var status = stat()
        return lstat(path.string, &status) == 0
    }

    /// The size of a file in bytes, or nil when there is none.
    public static func size(_ path: FilePath) -> Int64? {
        var status = stat()
        return lstat(path.string, &status) == 0 ? Int64(status.st_size) : nil
    }

    /// Reads a whole file; nil when there is none.
    ///
    /// - Parameter limit: the most bytes to accept; a longer file is an error.
    public static func read(_ path: FilePath, limit: Int = 64 << 20) throws -> [UInt8]? {
        let descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("open", path)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var status = stat()
        if fstat(descriptor, &status) == 0 { bytes.reserveCapacity(min(Int(status.st_size), limit) + 1) }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("read", path)
            }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= limit else {
                throw StoreError.file(operation: "read", path: path, errno: .fileTooLarge)
            }
        }
    }

    /// Writes a whole file so that a reader sees the old bytes or the new ones, never something between.
    public static func write(_ bytes: some Collection<UInt8>, to path: FilePath, mode: UInt32 = 0o600) throws {
        try replace(path, mode: mode) { descriptor, temporary in
            try writeAll(Array(bytes), to: descriptor, path: temporary)
        }
    }

    /// Writes a whole file in pieces, so that a reader sees the old bytes or the new ones, never something between.
    ///
    /// - Parameter next: hands out the next piece, nil at the end.
    static func write(piecesFrom next: () -> [UInt8]?, to path: FilePath, mode: UInt32 = 0o600) throws {
        try replace(path, mode: mode) { descriptor, temporary in
            while let piece = next() { try writeAll(piece, to: descriptor, path: temporary) }
        }
    }

    /// Copies a file so that a reader of the target sees all of it or nothing.
    public static func copy(_ source: FilePath, to path: FilePath, mode: UInt32 = 0o600) throws {
        let input = open(source.string, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw failure("open", source) }
        defer { close(input) }
        try replace(path, mode: mode) { output, temporary in
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = Glibc.read(input, &buffer, buffer.count)
                if count == 0 { return }
                if count < 0 {
                    if errno == EINTR { continue }
                    throw failure("read", source)
                }
                try writeAll(Array(buffer[..<count]), to: output, path: temporary)
            }
        }
    }

    /// Whether there is a regular file; a link to one is none.
    public static func isRegularFile(_ path: FilePath) -> Bool {
        var status = stat()
        return lstat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Whether there is a directory, or a link to one.
    public static func isDirectory(_ path: FilePath) -> Bool {
        var status = stat()
        return stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func replace(
        _ path: FilePath, mode: UInt32, fill: (_ descriptor: Int32, _ temporary: FilePath) throws -> Void
    ) throws {
        let temporary = FilePath("\(path.string).\(getpid()).\(UInt64.random(in: 0 ... .max))")
        let descriptor = open(temporary.string, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("create", temporary) }
        do {
            defer { close(descriptor) }
            try fill(descriptor, temporary)
            try rename(temporary, to: path)
        } catch {
            unlink(temporary.string)
            throw error
        }
    }

    /// Writes all bytes to an open descriptor.
    public static func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: FilePath) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN {
                    // Who shares a terminal or a pipe with this process may have made it non-blocking.
                    var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&wait, 1, -1)
                    continue
                }
                throw failure("write", path)
            }
            written += count
        }
    }

    /// Renames; the target is replaced when it is a file.
    public static func rename(_ source: FilePath, to target: FilePath) throws {
        guard Glibc.rename(source.string, target.string) == 0 else { throw failure("rename to", target) }
    }

    /// The names in a directory, sorted by their bytes; empty when there is no such directory.
    public static func names(in path: FilePath) throws -> [String] {
        guard let directory = opendir(path.string) else {
            if errno == ENOENT { return [] }
            throw failure("list", path)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a file or a directory with everything in it, never through a symbolic link; missing is fine.
    public static func removeTree(_ path: FilePath) throws {
        do { try DirectoryRemover.remove(path) } catch LayersError.system(_, _, let errno) {
            throw StoreError.file(operation: "remove", path: path, errno: errno)
        }
    }

    static func failure(_ operation: String, _ path: FilePath) -> StoreError {
        .file(operation: operation, path: path, errno: Errno(rawValue: errno))
    }
}
