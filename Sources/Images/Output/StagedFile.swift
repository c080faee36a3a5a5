// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
package import Store
package import SystemPackage

/// The bytes of an export until it is published: beside their file and renamed into it, or, for a stream, in the store
/// and copied then.
package final class StagedFile: Sendable {
    /// Open for writing.
    package let file: FileDescriptor
    /// Where the bytes of a stream lie.
    package let path: FilePath
    private let place: OutputPlace
    /// What becomes the file; nil for a stream.
    private let temporary: TemporaryFile?

    package init(_ place: OutputPlace, store: Store) throws {
        self.place = place
        guard case .file(let destination) = place, !place.isStream else {
            temporary = nil
            (path, file) = try store.scratch.newFile("output")
            return
        }
        let temporary = try OutputFailure.explaining(place.name) { try TemporaryFile(beside: destination) }
        (path, file) = (temporary.path, temporary.file)
        self.temporary = temporary
    }

    deinit {
        guard temporary == nil else { return }
        try? file.close()
        unlink(path.string)
    }

    /// How many bytes there are.
    package var size: Int64 {
        var status = stat()
        return fstat(file.rawValue, &status) == 0 ? Int64(status.st_size) : 0
    }

    package func publish(_ progress: (Int64, Int64) -> Void) throws {
        if let temporary, case .file(let destination) = place {
            return try OutputFailure.explaining(place.name) {
                try temporary.move(to: destination, surviving: .process)
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
    package var publishingTitle: String? { temporary == nil ? "write to \(place.name)" : nil }
}
