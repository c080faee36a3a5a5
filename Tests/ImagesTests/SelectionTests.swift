// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Images
import OCI
import Registry
import Store
import SystemPackage
import Testing

@Suite("What of an image is carried")
struct SelectionTests {
    @Test("attestations go with the images that they are about, unless they are not wanted")
    func attestations() async throws {
        try await withImage { image, layout in
            let all = try await ImageSelection(from: layout)
            #expect(all.root.descriptor.digest == image.root.digest)
            #expect(all.images.map(\.isAttestation) == [false, false, true, true])
            #expect(all.blobs.count == 8)

            let none = try await ImageSelection(.init(keepsAttestations: false), from: layout)
            #expect(none.images.count == 2)
            #expect(none.root.descriptor.digest != image.root.digest)
            #expect(none.root.descriptor.digest == .sha256(of: none.root.bytes))

            let one = try await ImageSelection(.init(platforms: [image.platforms[1]]), from: layout)
            #expect(one.images.count == 1 && one.documents.isEmpty)
            #expect(one.root == one.images[0].document)

            let both = try await ImageSelection(.init(platforms: image.platforms), from: layout)
            #expect(both.root.descriptor.digest == image.root.digest, "nothing was left out")
        }
    }

    @Test("a copy from layout to layout keeps what the target has, and its names")
    func layouts() async throws {
        try await withImage { image, layout in
            let folder = layout.directory.path.removingLastComponent()
            let store = try Store(at: folder.appending("store"))
            let target = LayoutWriter(path: folder.appending("target"), tag: "1")
            for writer in [target, LayoutWriter(path: folder.appending("target"), tag: "2")] {
                let results = try await ImageCopy(from: layout, to: [writer], store: store).run()
                let report = try #require(try results.first?.get())
                #expect(report.digest == image.root.digest)
            }
            let copy = OCILayout(path: folder.appending("target"), selector: .tag("1"))
            #expect(try copy.directory.index().tags == ["1", "2"])
            #expect(try copy.root().bytes == layout.root().bytes)
        }
    }

    @Test("a blob that is not what it should be is found, and no name is given")
    func damage() async throws {
        try await withImage { image, layout in
            let folder = layout.directory.path.removingLastComponent()
            let store = try Store(at: folder.appending("store"))
            try Files.write(Array("other".utf8), to: layout.directory.blobPath(image.layer), mode: 0o644)
            let target = LayoutWriter(path: folder.appending("target"), tag: "1")
            let results = try await ImageCopy(from: layout, to: [target], store: store).run()
            #expect(throws: OCILayoutError.self) { try results.first?.get() }
            #expect(!Files.exists(folder.appending("target/index.json")))
            #expect(try Files.names(in: folder.appending("target/blobs/sha256")).allSatisfy { $0.count == 64 })
        }
    }

    /// What a test has at hand.
    private struct Made {
        var root: Descriptor
        var platforms: [Platform]
        var layer: Digest
    }

    /// Makes a layout of two images and an attestation of each.
    private func withImage(_ body: (Made, OCILayout) async throws -> Void) async throws {
        let folder = FilePath(FileManager.default.temporaryDirectory.path).appending(
            "images-\(UInt64.random(in: 0 ... .max))")
        try Files.makeDirectories(folder)
        defer { try? Files.removeTree(folder) }
        let directory = LayoutDirectory(folder.appending("layout"))
        _ = try await directory.hold()
        func put(_ bytes: [UInt8], _ type: MediaType) throws -> Descriptor {
            let digest = Digest.sha256(of: bytes)
            try directory.put(bytes, as: digest)
            return Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
        }
        func encode(_ value: some Encodable, _ type: MediaType) throws -> Descriptor {
            try put(Array(JSONEncoder().encode(value)), type)
        }
        let platforms = [
            Platform(os: "linux", architecture: "amd64"), Platform(os: "linux", architecture: "arm64"),
        ]
        var (images, attestations): ([Descriptor], [Descriptor]) = ([], [])
        var firstLayer: Digest?
        for platform in platforms {
            let layer = try put(Array("layer \(platform)".utf8), .ociLayer)
            firstLayer = firstLayer ?? layer.digest
            let config = try encode(ImageConfig(platform: platform, diffIDs: [layer.digest]), .ociConfig)
            var image = try encode(Manifest(config: config, layers: [layer]), .ociManifest)
            image.platform = platform
            images.append(image)
            let statement = try put(
                Array("{\"of\":\"\(platform)\"}".utf8), MediaType(rawValue: "application/vnd.in-toto+json"))
            let own = try encode(
                ImageConfig(platform: Platform(os: "unknown", architecture: "unknown"), diffIDs: [statement.digest]),
                .ociConfig)
            var attestation = try encode(Manifest(config: own, layers: [statement]), .ociManifest)
            attestation.platform = Platform(os: "unknown", architecture: "unknown")
            attestation.annotations = [
                "vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": image.digest.description,
            ]
            attestations.append(attestation)
        }
        let root = try encode(Index(manifests: images + attestations), .ociIndex)
        try await directory.update { $0.add(root, nil) }
        let layout = OCILayout(directory, .any)
        try await body(
            Made(root: root, platforms: platforms, layer: try #require(firstLayer)), layout)
    }
}
