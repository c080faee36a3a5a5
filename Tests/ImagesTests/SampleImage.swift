// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import HTTP
import Images
import OCI
import Registry
import Store
import SystemPackage

/// A small image for two platforms that share a layer, always the same bytes.
struct SampleImage: Sendable {
    let layer: (descriptor: Descriptor, bytes: [UInt8])
    let configs: [(descriptor: Descriptor, bytes: [UInt8])]
    let manifests: [(descriptor: Descriptor, bytes: [UInt8])]
    let root: (descriptor: Descriptor, bytes: [UInt8])

    /// - Parameter seed: what makes one image unlike another.
    init(_ seed: String = "sample", layerSize: Int = 150_000) throws {
        func part(_ bytes: [UInt8], _ type: MediaType) -> (descriptor: Descriptor, bytes: [UInt8]) {
            (Descriptor(mediaType: type, digest: .sha256(of: bytes), size: Int64(bytes.count)), bytes)
        }
        func encode(_ value: some Encodable, _ type: MediaType) throws -> (descriptor: Descriptor, bytes: [UInt8]) {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return part(Array(try encoder.encode(value)), type)
        }
        let start = Array("layer of \(seed)".utf8)
        let layer = part(start + (0..<layerSize).map { UInt8(truncatingIfNeeded: $0 / 7) }, .ociLayer)
        let platforms = ["amd64", "arm64"].map { Platform(os: "linux", architecture: $0) }
        let configs = try platforms.map {
            try encode(ImageConfig(platform: $0, diffIDs: [layer.descriptor.digest]), .ociConfig)
        }
        var manifests: [(descriptor: Descriptor, bytes: [UInt8])] = []
        for (platform, config) in zip(platforms, configs) {
            var made = try encode(Manifest(config: config.descriptor, layers: [layer.descriptor]), .ociManifest)
            made.descriptor.platform = platform
            manifests.append(made)
        }
        self.layer = layer
        self.configs = configs
        self.manifests = manifests
        root = try encode(Index(manifests: manifests.map(\.descriptor)), .ociIndex)
    }

    /// Everything of it that is no document.
    var blobs: [(descriptor: Descriptor, bytes: [UInt8])] { configs + [layer] }

    /// Makes a layout with the image.
    func layout(in folder: FilePath) async throws -> OCILayout {
        let layout = LayoutDirectory(folder)
        _ = try await layout.hold()
        for part in blobs + manifests + [root] { try layout.put(part.bytes, as: part.descriptor.digest) }
        try await layout.update { $0.add(root.descriptor, nil) }
        return OCILayout(path: folder, selector: .any)
    }

    /// Pushes the image as it is.
    func push(with client: RegistryClient, to name: Reference) async throws {
        for blob in blobs {
            _ = try await client.pushBlob(blob.descriptor, from: .bytes(blob.bytes), to: name)
        }
        for manifest in manifests {
            try await client.putManifest(
                manifest.bytes, mediaType: .ociManifest, to: name.with(digest: manifest.descriptor.digest))
        }
        try await client.putManifest(root.bytes, mediaType: .ociIndex, to: name)
    }

    /// What is not as it should be of the image, when all of it is read; nil when nothing is wrong.
    func problem(of image: any ImageReader) async throws -> String? {
        guard try await image.root().bytes == root.bytes else { return "the index is another" }
        for manifest in manifests {
            guard try await image.document(manifest.descriptor).bytes == manifest.bytes else { return "a manifest" }
        }
        for blob in blobs {
            guard try await image.bytes(blob.descriptor) == blob.bytes else { return "a blob is another" }
        }
        return nil
    }
}

/// Runs `body` with a folder of its own.
func withFolder<Result>(_ body: (FilePath) async throws -> Result) async throws -> Result {
    let folder = FilePath(FileManager.default.temporaryDirectory.path).appending(
        "images-\(UInt64.random(in: 0 ... .max))")
    try Files.makeDirectories(folder)
    defer { try? Files.removeTree(folder) }
    return try await body(folder)
}

/// Runs `body` with a client that does not wait long between attempts, and shuts it down.
func withClient<Result>(
    _ credentials: any CredentialSource = NoCredentials(),
    configuration change: (inout RegistryConfiguration) -> Void = { _ in },
    _ body: (RegistryClient) async throws -> Result
) async throws -> Result {
    var configuration = RegistryConfiguration()
    configuration.firstRetryDelay = .milliseconds(2)
    change(&configuration)
    let client = RegistryClient(credentials: credentials, configuration: configuration)
    do {
        let result = try await body(client)
        try await client.shutdown()
        return result
    } catch {
        try await client.shutdown()
        throw error
    }
}
