// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import OCI
import Store
import SystemPackage
import Testing

@Suite("Store")
struct StoreTests {
    /// A store in a folder of its own that goes away afterwards.
    @discardableResult
    private func withStore<Result>(_ body: (Store) throws -> Result) throws -> Result {
        let root = FilePath("/tmp/manifold-store-\(UInt64.random(in: 0 ... .max))")
        defer { try? Files.removeTree(root) }
        return try body(try Store(at: root.appending("deep/store")))
    }

    @Test("bytes come back under their digest, and damaged bytes count as missing")
    func blobs() throws {
        try withStore { store in
            let digest = try store.writeBlob(Array("hello".utf8))
            #expect(try store.readBlob(digest) == Array("hello".utf8))
            #expect(store.hasBlob(digest, size: 5))
            try Files.write(Array("hallo".utf8), to: store.blobPath(digest))
            #expect(try store.readBlob(digest) == nil)
            #expect(!store.hasBlob(digest))
            #expect(try store.readBlob(Digest.sha256(of: "other")) == nil)
        }
    }

    @Test("a blob of the wrong size is not had")
    func torn() throws {
        try withStore { store in
            let digest = try store.writeBlob(Array("hello".utf8))
            #expect(truncate(store.blobPath(digest).string, 2) == 0)
            #expect(!store.hasBlob(digest, size: 5))
        }
    }

    @Test("a received blob enters only when its bytes are what was promised")
    func ingest() throws {
        try withStore { store in
            let bytes = Array("some bytes".utf8)
            let good = try store.ingest()
            try bytes.withUnsafeBytes { try good.write($0) }
            try good.commit(expected: Digest.sha256(of: bytes))
            #expect(store.hasBlob(Digest.sha256(of: bytes), size: Int64(bytes.count)))

            let wanted = Digest.sha256(of: "what was asked for")
            let bad = try store.ingest()
            try bytes.withUnsafeBytes { try bad.write($0) }
            #expect(throws: StoreError.self) { try bad.commit(expected: wanted) }
            #expect(!store.hasBlob(wanted))
        }
    }

    @Test("a record that cannot be read counts as missing")
    func records() throws {
        try withStore { store in
            let key = Digest.sha256(of: "key")
            let record = StepRecord(diffID: Digest.sha256(of: "layer"), created: "2024-01-01T00:00:00Z")
            #expect(try store.step(key) == nil)
            try store.save(record, for: key)
            #expect(try store.step(key) == record)
            try Files.write(Array("{\"diffID\":".utf8), to: store.root.appending("steps").appending(key.encoded))
            #expect(try store.step(key) == nil)
        }
    }

    @Test("a layer is known only while its blob is there")
    func layers() throws {
        try withStore { store in
            let blob = try store.writeBlob([1, 2, 3])
            let record = LayerRecord(
                diffID: Digest.sha256(of: "tar"),
                blob: Descriptor(mediaType: .ociLayerGzip, digest: blob, size: 3))
            try store.save(record)
            #expect(try store.layer(record.diffID) == record)
            store.discardBlob(blob)
            #expect(try store.layer(record.diffID) == nil)
        }
    }

    @Test("scratch folders of dead processes are removed, those of living ones stay")
    func scratch() throws {
        try withStore { store in
            let folder = store.root.appending("scratch")
            // A process that was killed leaves a directory and a lock file that nobody holds.
            try Files.makeDirectories(folder.appending("99999-1/deep"))
            try Files.write([], to: folder.appending("99999-1.lock"))
            try Files.makeDirectories(folder.appending("99999-2"))
            #expect(chmod(folder.appending("99999-1/deep").string, 0) == 0)
            let second = try Store(at: store.root)
            let names = try Files.names(in: folder)
            #expect(!names.contains { $0.hasPrefix("99999") })
            #expect(Files.exists(store.scratch.path))
            #expect(Files.exists(second.scratch.path))
        }
    }

    @Test("removal needs the store alone")
    func exclusive() throws {
        try withStore { store in
            #expect(throws: StoreError.self) { try Store(at: store.root, access: .exclusive) }
        }
        let root = FilePath("/tmp/manifold-store-\(UInt64.random(in: 0 ... .max))")
        defer { try? Files.removeTree(root) }
        let store = try Store(at: root, access: .exclusive)
        let digest = try store.writeBlob([1])
        try store.removeAll()
        #expect(!store.hasBlob(digest))
    }

    @Test("a snapshot is adopted once; who comes second gets the first one's")
    func snapshots() throws {
        try withStore { store in
            let diffID = Digest.sha256(of: "layer")
            #expect(store.snapshot(diffID) == nil)
            let first = try store.scratch.newDirectory("snapshot")
            try Files.write([1], to: first.appending("a"))
            let path = try store.adoptSnapshot(diffID, from: first)
            let second = try store.scratch.newDirectory("snapshot")
            try Files.write([2], to: second.appending("a"))
            #expect(try store.adoptSnapshot(diffID, from: second) == path)
            #expect(try Files.read(path.appending("a")) == [1])
        }
    }

    @Test("a store of a newer manifold is refused")
    func version() throws {
        try withStore { store in
            try Files.write(Array("2\n".utf8), to: store.root.appending("version"))
            #expect(throws: StoreError.self) { try Store(at: store.root) }
        }
    }

    @Test("names point to images")
    func names() throws {
        try withStore { store in
            let reference = try Reference("127.0.0.1:5000/demo:1")
            let image = NamedImage(
                name: reference.description,
                descriptor: Descriptor(mediaType: .ociIndex, digest: Digest.sha256(of: "x"), size: 1))
            #expect(try store.image(named: reference) == nil)
            try store.save(image, as: reference)
            #expect(try store.image(named: reference) == image)
        }
    }

    @Test("a tree with links out of it is removed without touching what they point to")
    func removal() throws {
        try withStore { store in
            let outside = try store.scratch.newDirectory("outside")
            try Files.write([1], to: outside.appending("kept"))
            let tree = try store.scratch.newDirectory("tree")
            try Files.makeDirectories(tree.appending("a/b/c"))
            #expect(symlink(outside.string, tree.appending("a/link").string) == 0)
            try Files.removeTree(tree)
            #expect(!Files.exists(tree))
            #expect(Files.exists(outside.appending("kept")))
            try Files.removeTree(tree)
        }
    }
}
