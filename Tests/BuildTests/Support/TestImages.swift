// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Glibc
import Layers
import OCI
import Store
import Synchronization
import SystemPackage

/// Base images that exist only in the test: every image has one layer for each list of files.
final class TestImages: ImageSource {
    private struct State {
        var images: [Reference: [Platform: BaseImage]] = [:]
        var blobs: [Digest: [UInt8]] = [:]
        var resolved: [String] = []
        var fetched: [Digest] = []
    }

    private let state = Mutex(State())

    /// What was asked for, as "name platform".
    var resolved: [String] { state.withLock { $0.resolved } }
    /// The blobs that were fetched, in order.
    var fetched: [Digest] { state.withLock { $0.fetched } }

    /// The bytes of all blobs.
    var blobs: [Digest: [UInt8]] { state.withLock { $0.blobs } }

    /// Makes an image for each of the platforms.
    func add(
        _ name: String, for platforms: [String] = ["linux/amd64"], layers: [[TestFile]] = [[]],
        _ change: (inout ImageConfig) -> Void = { _ in }
    ) throws {
        let reference = try Reference(name)
        for platform in try platforms.map({ try Platform($0) }) {
            let made = try layers.map { files in
                try Self.layer([.directory("etc")] + files + [.file("etc/machine", "\(platform)\n")])
            }
            var config = ImageConfig(platform: platform, diffIDs: made.map(\.layer.diffID))
            config.history = made.map { _ in ImageConfig.History(created: "2020-01-01T00:00:00Z", createdBy: "base") }
            change(&config)
            let image = BaseImage(
                reference: reference, digest: .sha256(of: "\(name) \(platform) \(config)"), platform: platform,
                config: config,
                layers: zip(config.rootfs.diffIDs, made).map {
                    Layer(diffID: $0, blob: $1.layer.descriptor, origin: reference)
                })
            state.withLock { state in
                state.images[reference, default: [:]][platform] = image
                for layer in made { state.blobs[layer.layer.digest] = layer.bytes }
            }
        }
    }

    /// The layer of these files, and its blob.
    static func layer(_ files: [TestFile]) throws -> (layer: WrittenLayer, bytes: [UInt8]) {
        let path = FilePath("/tmp/manifold-test-layer-\(UInt64.random(in: 0 ... .max))")
        defer { unlink(path.string) }
        let file = try FileDescriptor.open(
            path, .readWrite, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
        let layer = try file.closeAfter {
            let writer = LayerWriter(to: file)
            for file in try files.sorted(by: { try TreePath($0.path) < TreePath($1.path) }) {
                try writer.append(file.entry(), content: file.content.map { .bytes(Array($0.utf8)) } ?? .none)
            }
            return try writer.finish()
        }
        return (layer, try Files.read(path) ?? [])
    }

    func resolve(_ reference: Reference, for platforms: [Platform]) async throws -> [Platform: BaseResolution] {
        try state.withLock { state in
            state.resolved += platforms.map { "\(reference.familiar) \($0)" }
            guard let images = state.images[reference] else { throw Unknown(name: reference.familiar) }
            return Dictionary(
                uniqueKeysWithValues: platforms.map { platform in
                    let image = platform.acceptableBases.lazy.compactMap { images[$0] }.first
                    let available = images.keys.sorted { $0.description < $1.description }
                    return (platform, image.map { .found($0) } ?? .lacking(available: available))
                })
        }
    }

    func fetch(
        _ blob: Descriptor, of reference: Reference, into store: Store,
        progress: @escaping @Sendable (_ completed: Int64) -> Void
    ) async throws {
        let bytes = state.withLock { state in
            state.fetched.append(blob.digest)
            return state.blobs[blob.digest]
        }
        guard let bytes else { throw Unknown(name: "\(blob.digest)") }
        try store.writeBlob(bytes)
        progress(Int64(bytes.count))
    }

    struct Unknown: Error, CustomStringConvertible {
        let name: String
        var description: String { "there is no \(name)" }
    }
}

/// Something in a small tree, with its content.
struct TestFile {
    var path: String
    var kind: TreeEntry.Kind
    var mode: UInt16
    var owner: UInt32 = 0
    var content: String?
    var xattrs: [String: [UInt8]] = [:]

    static func file(_ path: String, _ content: String = "", mode: UInt16 = 0o644, owner: UInt32 = 0) -> TestFile {
        TestFile(path: path, kind: .file, mode: mode, owner: owner, content: content)
    }

    static func directory(_ path: String, mode: UInt16 = 0o755, owner: UInt32 = 0) -> TestFile {
        TestFile(path: path, kind: .directory(opaque: false), mode: mode, owner: owner)
    }

    static func link(_ path: String, to target: String) -> TestFile {
        TestFile(path: path, kind: .symlink(target: Array(target.utf8)), mode: 0o777)
    }

    func entry() throws -> TreeEntry {
        TreeEntry(
            path: try TreePath(path), kind: kind, mode: mode, uid: owner, gid: owner,
            size: Int64(content?.utf8.count ?? 0), modificationTime: FileTime(seconds: 1_600_000_000), xattrs: xattrs,
            digest: content.map { Digest.sha256(of: $0) })
    }
}

extension LayerStack {
    /// A tree of one layer.
    init(files: [TestFile]) throws {
        self.init([try LayerIndex(entries: files.map { try $0.entry() }.sorted { $0.path < $1.path })])
    }
}
