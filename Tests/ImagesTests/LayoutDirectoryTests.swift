// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import Images
import OCI
import Registry
import Store
import SystemPackage
import TestSupport
import Testing

@Suite("OCI layouts in directories")
struct LayoutDirectoryTests {
    private func with(_ body: (LayoutDirectory) async throws -> Void) async throws {
        let folder = FilePath(FileManager.default.temporaryDirectory.path).appending(
            "layout-\(UInt64.random(in: 0 ... .max))")
        try Files.makeDirectories(folder)
        defer { try? Files.removeTree(folder) }
        try await body(LayoutDirectory(folder.appending("layout")))
    }

    /// Puts a manifest of nothing, other for each text.
    private func image(_ text: String, in layout: LayoutDirectory) throws -> Descriptor {
        let config = Descriptor(mediaType: .ociConfig, digest: .sha256(of: text), size: Int64(text.utf8.count))
        try layout.put(Array(text.utf8), as: config.digest)
        let bytes = Array(try JSONEncoder().encode(Manifest(config: config, layers: [])))
        let digest = Digest.sha256(of: bytes)
        try layout.put(bytes, as: digest)
        return Descriptor(mediaType: .ociManifest, digest: digest, size: Int64(bytes.count))
    }

    private func name(_ text: String) throws -> LayoutIndex.Name { .init(try Reference(text)) }

    private func json(_ layout: LayoutDirectory) throws -> JSONValue {
        try JSONValue(parsing: try Files.read(layout.path.appending("index.json")) ?? [])
    }

    @Test("a tag goes from who has it; under several whole names one tag is there several times, the newest first")
    func names() async throws {
        try await with { layout in
            _ = try await layout.hold()
            let (one, two) = (try image("one", in: layout), try image("two", in: layout))
            for name in ["a/b:1", "a/b:2"] {
                try await layout.update { try $0.add(one, self.name(name), replacing: .sameName) }
            }
            try await layout.update { try $0.add(two, name("a/b:1"), replacing: .sameName) }
            #expect(try layout.index().tags == ["1", "2"])
            #expect(try layout.index().entries.map(\.digest) == [two.digest, one.digest])
            try await layout.update { try $0.add(one, name("c/d:1"), replacing: .sameName) }
            #expect(try layout.index().entries.map(\.digest) == [one.digest, two.digest, one.digest])
            #expect(try OCILayout(layout, .tag("1")).root().descriptor.digest == one.digest)
            try await layout.update {
                $0.add(two, .init(tag: "1"))
            }
            #expect(try layout.index().tags == ["1", "2"])
            try await layout.update { $0.add(one, nil) }
            try await layout.update { $0.add(one, nil) }
            #expect(try layout.index().entries.map(\.digest) == [one.digest, two.digest, one.digest])
        }
    }

    @Test("what others wrote into index.json stays, understood or not")
    func foreign() async throws {
        try await with { layout in
            _ = try await layout.hold()
            let image = try image("one", in: layout)
            let theirs: [String] = [
                #"{"mediaType":"application/x","digest":"blake3:00","size":-7,"x":[1,2.5,null,{"y":"\u00e9"}]}"#,
                #"{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"\#(image.digest)","#
                    + #""size":\#(image.size),"annotations":{"org.opencontainers.image.ref.name":"2","a":"b"},"data":"e30="}"#,
            ]
            let text =
                #"{"schemaVersion":2,"manifests":[\#(theirs.joined(separator: ","))],"annotations":{"k":"v"},"#
                + #""future":{"n":9007199254740993}}"#
            try Files.write(Array(text.utf8), to: layout.path.appending("index.json"))
            try await layout.update { try $0.add(image, name("a:1")) }
            let after = try json(layout)
            #expect(after["annotations"]["k"] == "v")
            #expect(
                try Array(after["manifests"].array.prefix(2)) == theirs.map { try JSONValue(parsing: Array($0.utf8)) })
            #expect(after["manifests"].array.count == 3)
            let bytes = try #require(try Files.read(layout.path.appending("index.json")))
            #expect(String(decoding: bytes, as: UTF8.self).contains("9007199254740993"))
            #expect(try layout.index().tags == ["2", "1"])
        }
    }

    @Test("however many change the list at once, everyone's names are in it, and no lock is left")
    func concurrent() async throws {
        try await with { layout in
            let hold = try await layout.hold()
            let image = try image("one", in: layout)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        try await layout.update {
                            $0.add(image, .init(tag: "t\(number)"))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(Set(try layout.index().tags) == Set((0..<40).map { "t\($0)" }))
            #expect(try Files.names(in: layout.path) == ["blobs", "index.json", "oci-layout"])
            withExtendedLifetime(hold) {}
        }
    }

    @Test("somebody's directory is left alone")
    func otherFiles() async throws {
        try await with { layout in
            try Files.makeDirectories(layout.path)
            try Files.write(Array("x".utf8), to: layout.path.appending("mine"))
            #expect(throws: OCILayoutError.otherFiles(layout.title)) { try layout.prepare() }
            try Files.write(Array(#"{"imageLayoutVersion":"2.0.0"}"#.utf8), to: layout.path.appending("oci-layout"))
            #expect(throws: OCILayoutError.self) { try layout.prepare() }
        }
    }

    @Test("bytes of other files are not handed out through links, links to blobs are followed")
    func links() async throws {
        try await with { layout in
            _ = try await layout.hold()
            let image = try image("one", in: layout)
            let secret = layout.path.removingLastComponent().appending("secret")
            try Files.write(Array("secret".utf8), to: secret)
            let place = layout.blobPath(image.digest)
            let target = layout.path.removingLastComponent().appending("elsewhere")
            try Files.rename(place, to: target)
            try #require(symlink(target.string, place.string) == 0)
            #expect(try layout.bytes(image).count == Int(image.size))
            #expect(try await OCILayout(layout, .any).file(image) == nil)

            unlink(place.string)
            try #require(symlink(secret.string, place.string) == 0)
            let lie = Descriptor(mediaType: .ociLayer, digest: image.digest, size: 6)
            var seen = 0
            #expect(throws: OCILayoutError.damagedBlob(image.digest, layout.title)) {
                try layout.read(lie) { seen += $0.count }
            }
            #expect(seen == 0)
            // What is written takes the link's place.
            #expect(!layout.has(lie))
            try layout.put(contentsOf: target, as: image)
            #expect(layout.has(image) && Files.size(secret) == 6)
        }
    }

    @Test(
        "a list that is too large, no file or no index is refused at once",
        arguments: ["large", "pipe", "directory", "[]", "{}", #"{"manifests":{}}"#])
    func hostileIndex(kind: String) async throws {
        try await with { layout in
            _ = try await layout.hold()
            let path = layout.path.appending("index.json")
            switch kind {
            case "large":
                let file = try FileDescriptor.open(path, .writeOnly, options: .create, permissions: .ownerReadWrite)
                try file.closeAfter { #expect(ftruncate(file.rawValue, 1 << 30) == 0) }
            case "pipe": #expect(mkfifo(path.string, 0o600) == 0)
            case "directory": try Files.makeDirectories(path)
            default: try Files.write(Array(kind.utf8), to: path)
            }
            #expect(throws: OCILayoutError.self) { try layout.index() }
            await #expect(throws: OCILayoutError.self) { try await layout.update { _ in } }
        }
    }

    @Test("blobs that only a former image had are removed, unless somebody writes or something is not understood")
    func removal() async throws {
        try await with { layout in
            let hold = try await layout.hold()
            let images = try ["one", "two"].map { try image($0, in: layout) }
            for image in images {
                try await layout.update { try $0.add(image, name("a:1")) }
            }
            let other = try await layout.hold()
            layout.removeBlobs(of: [images[0]], holding: hold)
            #expect(layout.has(images[0]))
            withExtendedLifetime(other) {}
        }
        try await with { layout in
            let hold = try await layout.hold()
            let images = try ["one", "two"].map { try image($0, in: layout) }
            try await layout.update { try $0.add(images[1], name("a:1")) }
            let unnamed = try image("unnamed", in: layout)
            layout.removeBlobs(of: [images[0]], holding: hold)
            #expect(!layout.has(images[0]) && layout.has(images[1]) && layout.has(unnamed))
            #expect(try Files.names(in: layout.path.appending("blobs/sha256")).count == 4)
        }
    }
}
