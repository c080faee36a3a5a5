// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import Images
import OCI
import Registry
import Store
import SystemPackage
import Testing

@Suite("Lists that somebody made to do harm")
struct HostileListTests {
    private static func put(_ text: [UInt8], _ type: MediaType, _ sink: LayoutDirectory) throws -> Descriptor {
        let digest = Digest.sha256(of: text)
        try sink.put(text, as: digest)
        return Descriptor(mediaType: type, digest: digest, size: Int64(text.count))
    }

    private static func encode(_ value: some Encodable) throws -> [UInt8] { Array(try JSONEncoder().encode(value)) }

    private static func layout(of root: Descriptor, _ sink: LayoutDirectory) async throws -> OCILayout {
        try await sink.update { $0.add(root, nil) }
        return OCILayout(path: sink.path, selector: .any)
    }

    @Test("a list of lists that each name the next a hundred times is refused")
    func explosion() async throws {
        try await withFolder { folder in
            let sink = LayoutDirectory(folder.appending("hostile"))
            _ = try await sink.hold()
            let config = try Self.put(
                Self.encode(ImageConfig(platform: Platform(os: "linux", architecture: "amd64"), diffIDs: [])),
                .ociConfig, sink)
            var entry = try Self.put(
                Self.encode(Manifest(config: config, layers: [])), .ociManifest, sink)
            entry.platform = Platform(os: "linux", architecture: "amd64")
            for _ in 0..<4 {
                let index = Index(manifests: [Descriptor](repeating: entry, count: 100))
                entry = try Self.put(Self.encode(index), .ociIndex, sink)
            }
            let layout = try await Self.layout(of: entry, sink)
            await #expect(throws: ImagesError.self) { try await ImageSelection(from: layout) }
        }
    }

    @Test("a list of thousands is no source of another") func thousands() async throws {
        try await withFolder { folder in
            let sink = LayoutDirectory(folder.appending("hostile"))
            _ = try await sink.hold()
            let entries = (0..<3_000).map {
                Descriptor(mediaType: .ociManifest, digest: .sha256(of: "\($0)"), size: 2)
            }
            let root = try Self.put(Self.encode(Index(manifests: entries)), .ociIndex, sink)
            let layout = try await Self.layout(of: root, sink)
            await #expect(throws: ImagesError.self) { try await ListSource(layout).parts() }
        }
    }

    @Test("sizes that no blob has are refused, so that they can be added up", arguments: [Int64.max, -1, 1 << 41])
    func sizes(size: Int64) async throws {
        try await withFolder { folder in
            let sink = LayoutDirectory(folder.appending("hostile"))
            _ = try await sink.hold()
            let config = try Self.put(Array("{}".utf8), .ociConfig, sink)
            let layers = ["a", "b"].map { Descriptor(mediaType: .ociLayer, digest: .sha256(of: $0), size: size) }
            let root = try Self.put(Self.encode(Manifest(config: config, layers: layers)), .ociManifest, sink)
            let layout = try await Self.layout(of: root, sink)
            let store = try Store(at: folder.appending("store"))
            await #expect(throws: ManifestError.self) {
                _ = try await ImageCopy(
                    from: layout, to: [LayoutWriter(path: folder.appending("copy"), tag: "1")], store: store
                ).run()
            }
        }
    }

    @Test("of a list in the store whose layers are elsewhere a manifest found by its digest alone leads on, too")
    func found() async throws {
        try await withFolder { folder in
            let sample = try SampleImage()
            let layout = try await sample.layout(in: folder.appending("layout"))
            let parts = sample.manifests.map { ListPart($0.descriptor, of: layout) }
            let list = try ComposedList(Index(manifests: parts.map(\.entry.descriptor)), of: parts)
            let read = try await ReadList(from: list, .children)
            #expect(read.children.count == 2)
            #expect(read.children.values.allSatisfy { $0.flaw == nil && $0.config != nil })
        }
    }

    @Test("a layer that one place of an image has lost is taken from another") func lost() async throws {
        try await withFolder { folder in
            let sample = try SampleImage()
            let places = ["first", "second"].map { folder.appending($0) }
            let layouts = [try await sample.layout(in: places[0]), try await sample.layout(in: places[1])]
            let lost = places[0].pushing(FilePath(LayoutFiles.path(of: sample.layer.descriptor.digest)))
            try #require(unlink(lost.string) == 0)
            let parts = sample.manifests.map {
                ListPart(ListEntry(asIs: $0.descriptor), from: layouts, title: "sample")
            }
            let list = try ComposedList(Index(manifests: parts.map(\.entry.descriptor)), of: parts)
            let copy = LayoutWriter(path: folder.appending("copy"), tag: "1")
            let results = try await ImageCopy(
                from: list, to: [copy], store: try Store(at: folder.appending("store"))
            ).run()
            #expect(throws: Never.self) { try results.forEach { _ = try $0.get() } }
            let there = OCILayout(path: folder.appending("copy"), selector: .tag("1"))
            #expect(try await there.file(sample.layer.descriptor) != nil)
        }
    }
}
