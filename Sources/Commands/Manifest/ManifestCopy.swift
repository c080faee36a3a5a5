// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import OCI
import Registry
import SystemPackage

/// One image taken from a repository to another, in the same registry or elsewhere.
struct ManifestCopy {
    let client: RegistryClient
    /// The manifest, by digest.
    let source: Reference
    /// The repository that it goes to.
    let target: Reference

    /// - Returns: What was done, in words.
    /// - Throws: ``RegistryError``, ``ManifestError``, ``CommandError``.
    func run() async throws -> String {
        let manifest = try await client.manifest(source, by: .registry)
        guard case .manifest(let content) = try manifest.content() else {
            throw CommandError("\(source) is a list, where an image was expected")
        }
        let mountFrom = source.registry == target.registry ? [source.repository] : []
        // What foreign layers name stays where it is.
        let blobs = Set([content.config] + content.layers.filter { $0.urls?.isEmpty ?? true })
        let sent = try await withThrowingTaskGroup(of: PushOutcome.self) { group in
            for blob in blobs { group.addTask { try await copy(blob, mountFrom: mountFrom) } }
            return try await group.reduce(into: 0) { count, outcome in if outcome == .uploaded { count += 1 } }
        }
        try await client.putManifest(
            manifest.bytes, mediaType: manifest.descriptor.mediaType,
            to: target.with(digest: manifest.descriptor.digest))
        return sent == 0 ? "taken over" : "copied with \(sent) of \(blobs.count) blobs"
    }

    private func copy(_ blob: Descriptor, mountFrom: [String]) async throws -> PushOutcome {
        let file = TransferFile()
        defer { file.remove() }
        return try await client.pushBlob(blob, to: target, mountFrom: mountFrom) {
            try await file.fill { write in try await client.pullBlob(blob, from: source, into: write) }
            return .file(file.path)
        }
    }
}

/// A file for bytes on their way, which is made when they come.
private struct TransferFile {
    let path: FilePath

    init() {
        let directory = Environment.current()["TMPDIR"] ?? "/var/tmp"
        path = FilePath(directory).appending("manifold-\(getpid())-\(UInt64.random(in: 0 ... .max))")
    }

    func fill(_ body: ((UnsafeRawBufferPointer) throws -> Void) async throws -> Void) async throws {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
        do {
            try await body { _ = try file.writeAll($0) }
            try file.close()
        } catch {
            try? file.close()
            throw error
        }
    }

    func remove() { unlink(path.string) }
}
