// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import OCI
import Store
import Synchronization
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
            try store.writeBlob(Array("hello".utf8))
            // What a manifest says of a size takes nothing away.
            #expect(!store.hasBlob(digest, size: 6) && store.hasBlob(digest, size: 5))
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

    /// Calls `body` with a path in /tmp that goes away afterwards.
    private func withRoot(_ body: (FilePath) throws -> Void) throws {
        let root = FilePath("/tmp/manifold-store-\(UInt64.random(in: 0 ... .max))")
        defer { try? Files.removeTree(root) }
        try body(root)
    }

    @Test(
        "a directory with the files of others is no store and stays as it is",
        arguments: ["thesis.txt", "layers/mine", "version.txt", "version.1.old"])
    func foreign(_ name: String) throws {
        try withRoot { root in
            let file = root.pushing(FilePath(name))
            try Files.makeDirectories(file.removingLastComponent())
            try Files.write([1], to: file)
            let before = try Files.names(in: root)
            let error = #expect(throws: StoreError.self) { try Store(at: root) }
            #expect(error?.description == "\(root) is not a manifold store and not empty")
            #expect(error?.remedy?.contains("--root") == true)
            #expect(throws: StoreError.self) { try Store.isStore(root) }
            #expect(try Files.names(in: root) == before)
        }
    }

    @Test("what a process leaves that dies while it makes a store can be opened")
    func halfMade() throws {
        try withRoot { root in
            #expect(try !Store.isStore(root))
            #expect(!Files.exists(root))
            try Files.makeDirectories(root)
            #expect(try !Store.isStore(root))
            try Files.write([], to: root.appending("version.12.345"))
            #expect(try !Store.isStore(root))
            _ = try Store(at: root)
            #expect(try Store.isStore(root))
            try Files.write([], to: root.appending("version"))
            _ = try Store(at: root)
            #expect(try Store.isStore(root))
        }
    }

    @Test("a tree of many levels is removed, whatever its directories' permissions and names")
    func deepRemoval() throws {
        try withStore { store in
            let tree = try store.scratch.newDirectory("tree")
            var current = open(tree.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            var made = 0
            // Not UTF-8.
            let name: [CChar] = [100, -1, 0]
            for _ in 0..<3_000 {
                made += mkdirat(current, name, 0o700) == 0 ? 1 : 0
                close(openat(current, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
                let next = openat(current, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                close(current)
                current = next
            }
            #expect(mkdirat(current, "locked", 0o700) == 0)
            #expect(mkdirat(current, "locked/in", 0o700) == 0)
            #expect(fchmodat(current, "locked", 0, 0) == 0)
            close(current)
            #expect(made == 3_000)
            try Files.removeTree(tree)
            #expect(!Files.exists(tree))
        }
    }

    @Test("what cannot be removed of a dead process does not keep a store from being opened")
    func stubbornLeftovers() throws {
        try withStore { store in
            // A directory in the lock file's place can be neither opened nor locked.
            let folder = store.root.appending("scratch")
            try Files.makeDirectories(folder.appending("99999-1.lock"))
            try Files.makeDirectories(folder.appending("99999-1"))
            let second = try Store(at: store.root)
            #expect(Files.exists(second.scratch.path))
        }
    }

    @Test("digests of many files come back")
    func fileDigests() throws {
        try withStore { store in
            var digests = FileDigests()
            let identities = (0..<2_500).map {
                FileIdentity(device: 1, inode: UInt64($0), size: 3, modified: -1, changed: .max)
            }
            for identity in identities { digests[identity] = Digest.sha256(of: "\(identity.inode)") }
            try store.save(digests, of: "/context")
            let read = try store.fileDigests(of: "/context")
            #expect(identities.allSatisfy { read[$0] == Digest.sha256(of: "\($0.inode)") })
            #expect(try store.fileDigests(of: "/other")[identities[0]] == nil)
        }
    }

    @Test("where content was seen last is told first, of one registry on request, and not for ever")
    func origins() throws {
        try withStore { store in
            let blob = Digest.sha256(of: "blob")
            #expect(store.origins(of: blob).isEmpty)
            for name in ["one.example/a", "two.example/b", "one.example/c:1", "one.example/a:2"] {
                try store.noteOrigins([Reference(name)], of: blob)
            }
            #expect(store.origins(of: blob).map(\.name) == ["one.example/a", "one.example/c", "two.example/b"])
            let likely = try [Reference("two.example/x"), Reference("one.example/base")]
            #expect(store.repositories(of: "one.example", holding: blob, likely: likely) == ["base", "a", "c"])
            try store.noteOrigins((0..<20).map { try Reference("one.example/n\($0)") }, of: blob)
            #expect(store.origins(of: blob).count < 10)
            try Files.write(Array("not JSON".utf8), to: store.root.appending("origins").appending(blob.encoded))
            #expect(store.origins(of: blob).isEmpty)
        }
    }

    @Test("a lock whose file its holder removes is never held twice")
    func removedLock() async throws {
        let path = FilePath("/tmp/manifold-lock-\(UInt64.random(in: 0 ... .max))")
        defer { unlink(path.string) }
        let (most, taken) = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            let holders = Holders()
            for _ in 0..<4 {
                group.addTask {
                    var (most, taken) = (0, 0)
                    for _ in 0..<3_000 {
                        guard let lock = try FileLock(path, .exclusive) else { continue }
                        taken += 1
                        most = max(most, holders.count.add(1, ordering: .sequentiallyConsistent).newValue)
                        sched_yield()
                        holders.count.subtract(1, ordering: .sequentiallyConsistent)
                        unlink(path.string)
                        withExtendedLifetime(lock) {}
                    }
                    return (most, taken)
                }
            }
            return try await group.reduce((0, 0)) { (max($0.0, $1.0), $0.1 + $1.1) }
        }
        #expect(most == 1)
        #expect(taken > 0)
    }
}

/// How many hold a lock.
private final class Holders: Sendable {
    let count = Atomic(0)
}
