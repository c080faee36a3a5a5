// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Layers
import OCI
import SystemPackage
import Testing

@Suite struct LayerWriterTests {
    private let file: TreeEntry
    private let directory: TreeEntry

    init() throws {
        file = TreeEntry(path: try TreePath("d/f"), kind: .file, mode: 0o644, size: 5)
        directory = TreeEntry(path: try TreePath("d"), kind: .directory(opaque: false), mode: 0o755)
    }

    private func withWriter<Result>(_ body: (LayerWriter) throws -> Result) throws -> Result {
        let descriptor = try FileDescriptor.open("/dev/null", .writeOnly)
        return try descriptor.closeAfter { try body(LayerWriter(to: descriptor)) }
    }

    @Test("a file that has more or fewer bytes than it had is named", arguments: [0, 4, 6])
    func changedFile(count: Int) throws {
        let scratch = try Scratch()
        let path = try scratch.write([UInt8](repeating: 1, count: count), to: "f")
        let descriptor = try FileDescriptor.open(path, .readOnly)
        defer { try? descriptor.close() }
        #expect(throws: LayersError.fileChanged(file.path, expectedSize: 5)) {
            try withWriter { _ = try $0.append(file, content: .file(descriptor)) }
        }
    }

    @Test("a path that comes twice, a hard link to nowhere and a name that means a whiteout are errors")
    func contradictions() throws {
        #expect(throws: LayersError.duplicateEntry(directory.path)) {
            try withWriter { writer in
                try writer.append(directory)
                try writer.append(directory)
                _ = try writer.finish()
            }
        }
        let target = try TreePath("missing")
        let link = TreeEntry(path: file.path, kind: .hardLink(target: target))
        #expect(throws: LayersError.hardLinkTargetMissing(link: file.path, target: target)) {
            try withWriter { writer in
                try writer.append(link)
                _ = try writer.finish()
            }
        }
        #expect(throws: LayersError.self) {
            try withWriter { _ = try $0.append(TreeEntry(path: TreePath("a/.wh.b"), kind: .file)) }
        }
    }

    @Test("no time is later than the epoch, and fractions of seconds are dropped")
    func epoch() throws {
        let scratch = try Scratch()
        var (early, late) = (file, directory)
        early.modificationTime = FileTime(seconds: 5, nanoseconds: 7)
        late.modificationTime = FileTime(seconds: 500)
        let (_, layer) = try scratch.layer([late, early], contents: [file.path: Array("12345".utf8)], epoch: 100)
        #expect(layer.index.map(\.modificationTime.seconds) == [100, 5])
        #expect(layer.index.map(\.modificationTime.nanoseconds) == [0, 0])
    }

    @Test("the digests are those of the bytes, and of what gzip makes of them")
    func digests() throws {
        let scratch = try Scratch()
        var random = SeededGenerator(seed: 9)
        let bytes = (0..<3_500_000).map { _ in UInt8.random(in: 0...3, using: &random) }
        var big = file
        big.path = try TreePath("big")
        let (gzip, written) = try scratch.layer([big], contents: [big.path: bytes], name: "a.gz")
        let (plain, unwritten) = try scratch.layer([big], contents: [big.path: bytes], compression: .none, name: "a")
        let blob = try scratch.read(gzip)
        #expect(Digest.sha256(of: blob) == written.digest && Int64(blob.count) == written.size)
        #expect(written.size < written.uncompressedSize)
        #expect(Digest.sha256(of: try scratch.read(plain)) == unwritten.digest)
        #expect(unwritten.digest == unwritten.diffID && written.diffID == unwritten.diffID)
        #expect(written.mediaType == .ociLayerGzip && unwritten.mediaType == .ociLayer)
        #expect(written.index.lookup(big.path)?.digest == Digest.sha256(of: bytes))
        try run("/bin/sh", "-ec", "gzip -dc < \"$1\" | cmp - \"$2\"", "sh", gzip.string, plain.string)
    }

    @Test("a cancelled task stops")
    func cancelled() async throws {
        let entry = directory
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            let scratch = try Scratch()
            _ = try scratch.layer([entry])
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("bytes of the archive never change between releases")
    func golden() throws {
        let scratch = try Scratch()
        var long = file
        long.path = try TreePath("d/" + String(repeating: "é", count: 70))
        long.uid = 5_000_000
        let (_, layer) = try scratch.layer(
            [directory, long, TreeEntry(path: try TreePath("gone"), kind: .whiteout)],
            contents: [long.path: Array("12345".utf8)])
        #expect(layer.diffID.description == "sha256:b78901afca44c22fc5785d132a79660c6be2280ec7f81d22349313d2d39a581c")
    }
}
