// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
package import OCI
package import Store
package import SystemPackage

extension LayoutDirectory: LayoutSink {
    /// Where all who change index.json meet; Docker's tools lock the same file, and remove it.
    private static let lockName = LayoutFiles.indexName + ".lock"
    /// Nobody holds that lock for longer than a moment.
    private static let patience = Duration.seconds(60)

    /// Sees whether there is a layout, or may be one; changes nothing.
    ///
    /// - Throws: ``OCILayoutError``, ``ImagesError/output(_:remedy:)``.
    package func prepare() throws {
        if Files.isDirectory(path) {
            let names = Set(try Files.names(in: path)).subtracting([Self.lockName])
            // Somebody's files are not mixed with a layout's.
            guard names.isEmpty || names.contains(LayoutFiles.versionName) else {
                throw OCILayoutError.otherFiles(title)
            }
            if !names.isEmpty {
                try checkVersion()
                _ = try indexIfAny()
            }
        }
        try OutputFailure.check(folder: path, for: title)
    }

    /// Begins to write: as long as the result lives, nobody else who asks takes away blobs without a name.
    ///
    /// - Throws: ``OCILayoutError``, ``StoreError``; `CancellationError`.
    package func hold() async throws -> FileLock {
        try prepare()
        try Files.makeDirectories(path, mode: 0o755)
        let lock = try await waiting { try FileLock(directory: path, .shared) }
        // First of all: what is there when the work ends in the middle is a layout that can be written on.
        let version = path.appending(LayoutFiles.versionName)
        if !Files.exists(version) { try replace(version, LayoutFiles.version) }
        return lock
    }

    package func put(_ bytes: [UInt8], as digest: Digest) throws {
        let path = blobPath(digest)
        if Files.isRegularFile(path), try Files.read(path, limit: max(bytes.count, 1)) == bytes { return }
        try replace(path, bytes)
    }

    package func put(contentsOf file: FilePath, as blob: Descriptor) throws {
        if has(blob) { return }
        let source = try FileDescriptor.open(file, .readOnly, options: .closeOnExec)
        defer { try? source.close() }
        let target = try TemporaryFile(beside: blobPath(blob.digest))
        try target.write(contentsOf: source)
        try put(target, as: blob.digest)
    }

    /// Adds a file whose bytes were checked.
    func put(_ file: TemporaryFile, as digest: Digest) throws {
        try Files.makeDirectories(blobPath(digest).removingLastComponent(), mode: 0o755)
        try file.move(to: blobPath(digest), surviving: .machine)
    }

    /// Whether there is a blob of this digest and size, which was checked when it was written.
    package func has(_ blob: Descriptor) -> Bool {
        let path = blobPath(blob.digest)
        return Files.isRegularFile(path) && Files.size(path) == blob.size
    }

    /// Changes the list of images, alone; readers see the old one or the new one.
    ///
    /// - Parameter change: gets an empty list where there is none yet.
    /// - Throws: what `change` throws; ``OCILayoutError``, ``StoreError``; `CancellationError`.
    package func update<Result>(_ change: (inout LayoutIndex) throws -> Result) async throws -> Result {
        try await rewrite { bytes in
            var index = try bytes.map(parsed) ?? LayoutIndex()
            let result = try change(&index)
            return (try index.bytes(), result)
        }
    }

    /// Changes index.json, alone; gets nil where there is none yet.
    func rewrite<Result>(_ change: ([UInt8]?) throws -> (bytes: [UInt8], Result)) async throws -> Result {
        let lockPath = path.appending(Self.lockName)
        let lock = try await waiting { try FileLock(lockPath, .exclusive) }
        defer {
            unlink(lockPath.string)
            withExtendedLifetime(lock) {}
        }
        let before = try indexBytes()
        let (bytes, result) = try change(before)
        if bytes == before { return result }
        // The names of the blobs reach the disk before the list that leads to them.
        for algorithm in try Files.names(in: path.appending("blobs")) {
            try flush(path.appending("blobs").appending(algorithm))
        }
        try replace(path.appending(LayoutFiles.indexName), bytes)
        try flush(path)
        return result
    }

    private func replace(_ path: FilePath, _ bytes: [UInt8]) throws {
        let file = try TemporaryFile(beside: path)
        try bytes.withUnsafeBytes { try file.write($0) }
        try file.move(to: path, surviving: .machine)
    }

    private func flush(_ directory: FilePath) throws {
        guard let file = try? FileDescriptor.open(directory, .readOnly, options: [.directory, .closeOnExec]) else {
            return
        }
        defer { try? file.close() }
        guard fsync(file.rawValue) == 0 else {
            throw StoreError.file(operation: "write", path: directory, errno: Errno(rawValue: errno))
        }
    }

    private func waiting(_ lock: () throws -> FileLock?) async throws -> FileLock {
        let end = ContinuousClock.now + Self.patience
        while true {
            if let lock = try lock() { return lock }
            guard .now < end else { throw OCILayoutError.busy(title, lock: path.appending(Self.lockName)) }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
