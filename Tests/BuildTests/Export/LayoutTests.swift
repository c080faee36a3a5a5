// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Glibc
import Images
import Layers
import OCI
import Store
import SystemPackage
import TestSupport
import Testing

@Suite("Export: OCI layouts", .enabled(if: isRoot, "steps change owners: needs root"))
struct LayoutTests {
    let three = ["linux/amd64", "linux/arm64", "linux/arm/v7"]
    static let text = "FROM base\nRUN write /made 1\nCMD [\"/made\"]\n"

    @discardableResult
    private func build(
        _ place: Workplace, _ form: OCILayoutExporter.Form, _ name: String, tags: [String] = ["example.org/me/app:1"],
        text: String = LayoutTests.text
    ) async throws -> Built {
        let store = try place.store()
        let exporter = OCILayoutExporter(destination: place.root.appending(name), form: form, store: store)
        let references = try tags.map { try Reference($0) }
        return try await place.build(text, for: three, in: store, exporters: [exporter]) { $0.tags = references }
    }

    @Test(
        "skopeo reads the index and every image of a layout", .requiresProgram("skopeo"),
        arguments: [
            OCILayoutExporter.Form.directory, .tar,
        ])
    func skopeo(form: OCILayoutExporter.Form) async throws {
        let place = try Workplace()
        let built = try await build(place, form, "out")
        let name = (form == .tar ? "oci-archive:" : "oci:") + "\(place.root)/out:1"
        let raw = try await ChildProcess.run("skopeo", ["inspect", "--raw", name])
        #expect(raw.succeeded, "\(raw)")
        #expect(raw.stdout == built.result.rootBytes)
        let index = try JSON.decode(Index.self, from: raw.stdout)
        #expect(index.manifests.compactMap(\.platform?.description) == three)
        for (architecture, variant) in [("amd64", nil), ("arm64", nil), ("arm", "v7")] as [(String, String?)] {
            let copied = try await ChildProcess.run(
                "skopeo",
                ["--insecure-policy", "--override-arch", architecture]
                    + (variant.map { ["--override-variant", $0] } ?? [])
                    + ["copy", name, "oci:\(place.root)/copy-\(architecture):x"])
            #expect(copied.succeeded, "\(copied)")
            let inspected = try await ChildProcess.run(
                "skopeo",
                ["--override-arch", architecture, "inspect", "--config", "oci:\(place.root)/copy-\(architecture):x"])
            let config = try JSON.decode(ImageConfig.self, from: inspected.stdout)
            #expect(config.architecture == architecture)
            #expect(config.variant == variant)
        }
    }

    @Test("umoci unpacks the image", .requiresProgram("umoci"))
    func umoci() async throws {
        let place = try Workplace()
        let store = try place.store()
        let exporter = OCILayoutExporter(destination: place.root.appending("out"), form: .directory, store: store)
        let tag = try Reference("app:1")
        try await place.build(Self.text, in: store, exporters: [exporter]) { $0.tags = [tag] }
        let result = try await ChildProcess.run(
            "umoci", ["raw", "unpack", "--image", "\(place.root)/out:1", "\(place.root)/rootfs"])
        #expect(result.succeeded, "\(result)")
        #expect(try Files.read(place.root.appending("rootfs/made")) == Array("1".utf8))
        #expect(try Files.read(place.root.appending("rootfs/etc/machine")) == Array("linux/amd64\n".utf8))
    }

    @Test("a directory that holds a layout keeps what is in it; who has the same name makes room")
    func existing() async throws {
        let place = try Workplace()
        let first = try await build(place, .directory, "out")
        let second = try await build(place, .directory, "out", text: "FROM base\nRUN write /made 2\n")
        let blobs = Set(try Files.names(in: place.root.appending("out/blobs/sha256")))
        for built in [first, second] {
            #expect(blobs.contains(built.summary.digest.encoded))
            for layer in built.result.images.flatMap(\.layers) { #expect(blobs.contains(layer.blob.digest.encoded)) }
        }
        let index = try JSON.decode(Index.self, from: try Files.read(place.root.appending("out/index.json")) ?? [])
        #expect(index.manifests.map(\.digest) == [second.summary.digest])
        #expect(index.manifests.first?.annotations?["org.opencontainers.image.ref.name"] == "1")
        #expect(
            try Files.read(place.root.appending("out/oci-layout")) == Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        try await build(place, .directory, "out", tags: ["example.org/me/app:2"])
        try await build(place, .directory, "out", tags: ["example.org/you/app:2"])
        let layout = place.root.appending("out")
        let copied = try await ChildProcess.run(
            "skopeo", ["--insecure-policy", "copy", "oci:\(layout):1", "oci:\(layout):three"])
        #expect(copied.succeeded, "\(copied)")
        try await build(place, .directory, "out", tags: [])
        let merged = try JSON.decode(Index.self, from: try Files.read(layout.appending("index.json")) ?? [])
        #expect(
            merged.manifests.map { $0.annotations?["org.opencontainers.image.ref.name"] } == [
                nil, "1", "2", "2", "three",
            ])
    }

    @Test("without a name, the last build takes the place of the one before; what others put there stays")
    func nameless() async throws {
        let place = try Workplace()
        let layout = place.root.appending("out")
        func entries() throws -> [Descriptor] {
            try JSON.decode(Index.self, from: try Files.read(layout.appending("index.json")) ?? []).manifests
        }
        try await build(place, .directory, "out", tags: [])
        let second = try await build(place, .directory, "out", tags: [], text: "FROM base\nRUN write /made 2\n")
        #expect(try entries().map(\.digest) == [second.summary.digest])
        let raw = try await ChildProcess.run("skopeo", ["inspect", "--raw", "oci:\(layout)"])
        #expect(raw.succeeded && raw.stdout == second.result.rootBytes, "\(raw)")
        let text = String(decoding: try Files.read(layout.appending("index.json")) ?? [], as: UTF8.self)
        #expect(text.contains("manifold.nameless"))
        try Files.write(
            Array(text.replacing("manifold.nameless", with: "theirs").utf8), to: layout.appending("index.json"))
        let third = try await build(place, .directory, "out", tags: [])
        #expect(try entries().map(\.digest) == [third.summary.digest, second.summary.digest])
    }

    @Test("a directory that holds other things is left alone, before anything is built")
    func otherFiles() async throws {
        let place = try Workplace()
        try Files.makeDirectories(place.root.appending("out"))
        try Files.write(Array("x".utf8), to: place.root.appending("out/mine"))
        await #expect(throws: OCILayoutError.self) { try await build(place, .directory, "out") }
        #expect(place.runner.commands.isEmpty)
        #expect(try Files.names(in: place.root.appending("out")) == ["mine"])
    }

    @Test("every tag has an entry in the index, and without tags there is one")
    func tags() async throws {
        let place = try Workplace()
        let many = try await build(place, .directory, "many", tags: ["a/b:1", "a/b:2"])
        #expect(many.summary.names.suffix(2) == ["\(place.root)/many:1", "\(place.root)/many:2"])
        let index = try JSON.decode(Index.self, from: try Files.read(place.root.appending("many/index.json")) ?? [])
        #expect(index.manifests.compactMap { $0.annotations?["org.opencontainers.image.ref.name"] } == ["1", "2"])
        #expect(try await build(place, .directory, "none", tags: []).summary.names.last == "\(place.root)/none")
    }

    @Test("a tar file appears only when it is whole, and not over a directory")
    func whole() async throws {
        let place = try Workplace()
        try Files.makeDirectories(place.root.appending("dir"))
        await #expect(throws: ImagesError.self) { try await build(place, .tar, "dir") }
        #expect(place.runner.commands.isEmpty)
        _ = try await build(place, .tar, "out.tar")
        #expect(try Files.names(in: place.root).filter { $0.hasPrefix("out.tar") } == ["out.tar"])
    }

    @Test(
        "a layer that was altered in the store is not handed on; the next build makes it again",
        arguments: [
            OCILayoutExporter.Form.directory, .tar,
        ])
    func altered(form: OCILayoutExporter.Form) async throws {
        let place = try Workplace()
        let built = try await place.build(Self.text, for: three)
        let layer = try #require(built.result.images[0].layers.last)
        var bytes = try #require(try Files.read(built.store.blobPath(layer.blob.digest)))
        bytes[bytes.count / 2] ^= 0xFF
        try Files.write(bytes, to: built.store.blobPath(layer.blob.digest))
        let error = await #expect(throws: StoreError.self) { try await build(place, form, "out") }
        #expect(error?.description.contains(layer.blob.digest.encoded) == true)
        #expect(form == .directory || !Files.exists(place.root.appending("out")))
        #expect(!Files.exists(place.root.appending("out/blobs/sha256/\(layer.blob.digest.encoded)")))
        #expect(try await build(place, form, "out").summary.images.count == 3)
    }
}
