// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import Images
public import OCI
public import Registry
import Store
public import SystemPackage

extension DirectoryCache: CacheTarget {
    /// Waits for other builds that write to the directory.
    public func exclusively(_ body: @Sendable () async throws -> Void) async throws {
        do { try await locked(body) } catch { throw OutputFailure.explained(error, directory.string) }
    }

    private func locked(_ body: @Sendable () async throws -> Void) async throws {
        try Files.makeDirectories(directory, mode: 0o755)
        let names = try Files.names(in: directory)
        guard names.contains("oci-layout") || names.allSatisfy({ $0 == Self.lockName }) else {
            throw CacheError.notALayout(directory)
        }
        var lock = try FileLock(directory.appending(Self.lockName), .exclusive)
        while lock == nil {
            try await Task.sleep(for: .milliseconds(50))
            lock = try FileLock(directory.appending(Self.lockName), .exclusive)
        }
        defer { withExtendedLifetime(lock) {} }
        try await body()
    }

    public func put(
        _ blob: Descriptor, origins: [Reference], progress: @escaping @Sendable (_ completed: Int64) -> Void,
        source: @escaping @Sendable () async throws -> FilePath
    ) async throws -> PushOutcome {
        let path = blobPath(blob.digest)
        if Files.size(path) == blob.size { return .alreadyThere }
        let file = try await source()
        try Files.makeDirectories(path.removingLastComponent(), mode: 0o755)
        try Files.copy(file, to: path, mode: 0o644)
        progress(blob.size)
        return .uploaded
    }

    public func put(_ bytes: [UInt8], as descriptor: Descriptor) async throws {
        let path = blobPath(descriptor.digest)
        try Files.makeDirectories(path.removingLastComponent(), mode: 0o755)
        try Files.write(bytes, to: path, mode: 0o644)
    }

    public func publish(_ manifests: [CacheManifest]) async throws {
        for manifest in manifests { try await put(manifest.bytes, as: manifest.descriptor) }
        // What is there and cannot be read is replaced: it is of no use to anybody.
        let current = try? await DirectoryCache(directory: directory, tag: tag).root()
        let index = try CacheIndex.merging(manifests.map(\.descriptor), into: current)
        let bytes = try ImageAssembler.encode(index)
        var entry = Descriptor(mediaType: .ociIndex, digest: Digest.sha256(of: bytes), size: Int64(bytes.count))
        try await put(bytes, as: entry)
        entry.annotations = [Self.tagAnnotation: tag]
        var top = (try? topIndex()) ?? Index(manifests: [])
        top.manifests = top.manifests.filter { $0.annotations?[Self.tagAnnotation] != tag } + [entry]
        try Files.write(
            Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), to: directory.appending("oci-layout"), mode: 0o644)
        try Files.write(try ImageAssembler.encode(top), to: indexPath, mode: 0o644)
        removeUnnamed(top)
    }

    private static let lockName = "manifold.lock"

    /// Removes blobs that nothing in index.json leads to any more, or else the directory grows with every build. Does
    /// nothing when something in it cannot be understood.
    private func removeUnnamed(_ top: Index) {
        var named: Set<Digest> = []
        var open = top.manifests
        while let next = open.popLast() {
            guard named.insert(next.digest).inserted else { continue }
            if next.mediaType.isIndex || next.mediaType.isManifest {
                guard let bytes = try? Files.read(blobPath(next.digest), limit: 16 << 20),
                    let outline = try? JSONDecoder().decode(Outline.self, from: Data(bytes))
                else { return }
                open += (outline.manifests ?? []) + (outline.layers ?? []) + (outline.config.map { [$0] } ?? [])
            }
        }
        let folder = directory.appending("blobs").appending(Digest.Algorithm.sha256.rawValue)
        for file in (try? Files.names(in: folder)) ?? [] {
            guard let digest = try? Digest("sha256:\(file)"), !named.contains(digest) else { continue }
            unlink(folder.appending(file).string)
        }
    }

    private struct Outline: Decodable {
        var manifests: [Descriptor]?
        var layers: [Descriptor]?
        var config: Descriptor?
    }
}
