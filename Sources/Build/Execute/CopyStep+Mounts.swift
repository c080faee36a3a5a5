// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Glibc
import Layers
import OCI
import Store
import SystemPackage

/// Trees that RUN steps mount: a COPY onto nothing, unpacked.
extension CopyStep {
    /// Whether what is mounted may be changed.
    enum Ownership {
        /// No; all who mount the same content have the same directory.
        case shared
        /// Yes; the directory belongs to one run and is thrown away after it.
        case own
    }

    /// What lies at a path of the build context (nil) or of another source, by content.
    func digest(of path: String, in source: StepSource?) async throws -> Digest {
        try await mountPlan(of: path, in: source).plan.digest
    }

    /// Puts what lies at a path into a directory of this host, or finds where it lies already.
    ///
    /// - Throws: ``CopyError``, ``LayersError``, ``StoreError``.
    func tree(
        at path: String, in source: StepSource?, ownership: Ownership
    ) async throws -> (path: FilePath, isDirectory: Bool) {
        let (plan, contents, name) = try await mountPlan(of: path, in: source)
        let directory: FilePath
        switch ownership {
        case .own: directory = try await unpack(plan, contents).directory
        case .shared:
            var key = KeyBuilder("mount")
            key.add(plan.digest.description)
            if let known = try library.store.step(key.digest), let snapshot = library.store.snapshot(known.diffID) {
                directory = snapshot
            } else {
                let unpacked = try await unpack(plan, contents)
                directory = try library.store.adoptSnapshot(unpacked.diffID, from: unpacked.directory)
                let record = StepRecord(diffID: unpacked.diffID, created: Timestamp.text(seconds: Timestamp.now))
                try library.store.save(record, for: key.digest)
            }
        }
        return (name.map { directory.appending($0) } ?? directory, name == nil)
    }

    private func mountPlan(
        of path: String, in source: StepSource?
    ) async throws -> (plan: CopyPlan, contents: CopyContents, name: String?) {
        // A mount names one path; wildcards mean nothing in it.
        let path = path.isEmpty ? "/" : path
        let input = try await select([path], from: source)
        let operation = CopyOperation(sources: [path], destination: "/", isIndependent: true)
        let (plan, contents) = try await plan(operation, [input], parent: [])
        let match = input.matches.first
        let name = match?.entry.isDirectory == false ? match?.name.string : nil
        return (plan, contents, name)
    }

    private func unpack(
        _ plan: CopyPlan, _ contents: CopyContents
    ) async throws -> (directory: FilePath, diffID: Digest) {
        let write = try await contents.writer(for: plan)
        let store = library.store
        let (archive, file) = try store.scratch.newFile("mount")
        defer {
            try? file.close()
            unlink(archive.string)
        }
        let writer = LayerWriter(to: file, compression: .none)
        try write(writer)
        let written = try writer.finish()
        try file.seek(offset: 0, from: .start)
        let directory = try store.scratch.newDirectory("mount")
        guard chmod(directory.string, 0o755) == 0 else {
            throw StoreError.file(operation: "prepare", path: directory, errno: Errno(rawValue: errno))
        }
        _ = try Unpacker.unpack(file, expecting: .none, into: directory)
        return (directory, written.diffID)
    }
}
