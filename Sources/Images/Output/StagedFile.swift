// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
package import Store
package import SystemPackage

/// The bytes of an export until it is published: beside their file and renamed into it, or, for a stream, in the store
/// and copied then.
///
/// Where the file system can, they have no name until then, so that a process that is killed leaves nothing.
package final class StagedFile: Sendable {
    /// Open for writing.
    package let file: FileDescriptor
    /// The name that the bytes have, or will have for a moment.
    package let path: FilePath
    private let place: OutputPlace
    private let isStream: Bool
    private let isNameless: Bool

    package init(_ place: OutputPlace, store: Store) throws {
        self.place = place
        isStream = place.isStream
        guard case .file(let destination) = place, !isStream else {
            isNameless = false
            (path, file) = try store.scratch.newFile("output")
            return
        }
        path = FilePath("\(destination.string).\(getpid()).\(UInt64.random(in: 0 ... .max))")
        let folder = destination.removingLastComponent()
        try OutputFailure.explaining(place.name) { try Files.makeDirectories(folder, mode: 0o755) }
        var descriptor = open(folder.string, O_RDWR | Self.temporaryFile | O_CLOEXEC, 0o644)
        isNameless = descriptor >= 0
        if !isNameless { descriptor = open(path.string, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) }
        guard descriptor >= 0 else {
            throw OutputFailure.explained(
                StoreError.file(operation: "create", path: path, errno: Errno(rawValue: errno)), place.name)
        }
        file = FileDescriptor(rawValue: descriptor)
    }

    deinit {
        try? file.close()
        // Gone already when it was renamed.
        unlink(path.string)
    }

    /// O_TMPFILE of open(2), which Swift's Glibc module leaves out.
    private static let temporaryFile = 0o20_000_000 | O_DIRECTORY

    /// How many bytes there are.
    package var size: Int64 {
        var status = stat()
        return fstat(file.rawValue, &status) == 0 ? Int64(status.st_size) : 0
    }

    package func publish(_ progress: (Int64, Int64) -> Void) throws {
        guard isStream else {
            guard case .file(let destination) = place else { return }
            return try OutputFailure.explaining(place.name) {
                try nameFile()
                try Files.rename(path, to: destination)
            }
        }
        var target = STDOUT_FILENO
        if case .file(let destination) = place {
            target = open(destination.string, O_WRONLY | O_CLOEXEC)
            guard target >= 0 else {
                throw OutputFailure.explained(
                    StoreError.file(operation: "open", path: destination, errno: Errno(rawValue: errno)), place.name)
            }
        }
        defer { if target != STDOUT_FILENO { close(target) } }
        try copy(to: target, progress)
    }

    /// A file without a name gets one of its own first: a link cannot take another file's place.
    private func nameFile() throws {
        guard isNameless else { return }
        let own = "/proc/self/fd/\(file.rawValue)"
        guard linkat(AT_FDCWD, own, AT_FDCWD, path.string, AT_SYMLINK_FOLLOW) == 0 else {
            throw StoreError.file(operation: "create", path: path, errno: Errno(rawValue: errno))
        }
    }

    private func copy(to target: Int32, _ progress: (Int64, Int64) -> Void) throws {
        let total = size
        var offset: Int64 = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            try Task.checkCancellation()
            let count = try buffer.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: offset, into: $0) }
            if count == 0 { return }
            try OutputFailure.explaining(place.name) {
                try Files.writeAll(Array(buffer[..<count]), to: target, path: FilePath(place.name))
            }
            offset += Int64(count)
            progress(offset, total)
        }
    }
}

extension StagedFile {
    /// What a person reads while it is published; nil for a rename.
    package var publishingTitle: String? { isStream ? "write to \(place.name)" : nil }
}
