// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Registry
import TestSupport
import Testing

/// A small image of one layer, `app:1`.
struct Image {
    let layerBytes = [UInt8](repeating: 42, count: 200_000)
    let configBytes = Array(#"{"architecture":"arm64","os":"linux"}"#.utf8)
    let layer: Descriptor
    let config: Descriptor
    let manifest: [UInt8]
    let descriptor: Descriptor

    init() throws {
        layer = Descriptor(mediaType: .ociLayer, digest: .sha256(of: layerBytes), size: Int64(layerBytes.count))
        config = Descriptor(mediaType: .ociConfig, digest: .sha256(of: configBytes), size: Int64(configBytes.count))
        manifest = try JSON.encode(Manifest(config: config, layers: [layer]))
        descriptor = Descriptor(
            mediaType: .ociManifest, digest: .sha256(of: manifest), size: Int64(manifest.count))
    }

    /// Puts an image into a test registry without any request.
    static func put(into registry: TestRegistry) throws -> Image {
        let image = try Image()
        registry.putBlob(image.layerBytes, in: "app")
        registry.putBlob(image.configBytes, in: "app")
        registry.putManifest(image.manifest, mediaType: .ociManifest, in: "app", tag: "1")
        return image
    }

    /// Pushes an image as a build does.
    @discardableResult
    static func push(with client: RegistryClient, to host: String) async throws -> Image {
        let image = try Image()
        let name = try Reference("\(host)/app:1")
        _ = try await client.pushBlob(image.layer, from: .bytes(image.layerBytes), to: name)
        _ = try await client.pushBlob(image.config, from: .bytes(image.configBytes), to: name)
        try await client.putManifest(image.manifest, mediaType: .ociManifest, to: name)
        return image
    }

    /// Pulls the image and expects it to be this one.
    func expectPull(with client: RegistryClient, from host: String) async throws {
        let name = try Reference("\(host)/app:1")
        #expect(try await client.resolve(name) == descriptor)
        #expect(try await client.manifest(name).bytes == manifest)
        #expect(try await client.pullBlob(config, from: name) == configBytes)
        #expect(try await client.pullBlob(layer, from: name) == layerBytes)
    }
}
