// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Layers
import OCI
import SystemPackage
import Testing

@Suite struct CompressionTests {
    private func content(_ count: Int) -> [UInt8] {
        var random = SeededGenerator(seed: 4)
        return (0..<count).map { _ in UInt8.random(in: 0...7, using: &random) }
    }

    @Test(
        "zstd and gzip find no fault with a blob, whatever its length and level",
        arguments: [LayerCompression.zstd(level: 1), .zstd(level: 19), .gzip(level: 0), .gzip(level: 9)],
        [0, 2_500_000])
    func judged(compression: LayerCompression, count: Int) throws {
        let scratch = try Scratch()
        let entry = TreeEntry(path: try TreePath("f"), kind: .file, mode: 0o644)
        let contents = [entry.path: content(count)]
        let (blob, layer) = try scratch.layer([entry], contents: contents, compression: compression)
        let (plain, _) = try scratch.layer([entry], contents: contents, compression: .none, name: "plain")
        let tool = layer.mediaType == .ociLayerZstd ? "zstd" : "gzip"
        try run("/bin/sh", "-ec", "\(tool) -dc < \"$1\" | cmp - \"$2\"", "sh", blob.string, plain.string)
        #expect(
            try index(blob, expecting: LayerExpectation(layer.descriptor, diffID: layer.diffID)).index == layer.index)
        #expect(
            try scratch.layer([entry], contents: contents, compression: compression, name: "b").layer.digest
                == layer.digest)
    }

    @Test("another compression has the same tar bytes, and is what writing it so would have given")
    func recompression() throws {
        let scratch = try Scratch()
        let entry = TreeEntry(path: try TreePath("f"), kind: .file, mode: 0o644)
        let contents = [entry.path: content(3_000_000)]
        let (blob, layer) = try scratch.layer([entry], contents: contents)
        let expected = try scratch.layer([entry], contents: contents, compression: .zstd(level: 3), name: "zstd").layer
        let source = try FileDescriptor.open(blob, .readOnly)
        defer { try? source.close() }
        let target = try FileDescriptor.open("/dev/null", .writeOnly)
        defer { try? target.close() }
        let descriptor = try Recompressor.recompress(
            source, expecting: LayerExpectation(layer.descriptor, diffID: layer.diffID), to: target,
            as: .zstd(level: 3))
        #expect(descriptor == expected.descriptor)
        _ = try source.seek(offset: 0, from: .start)
        #expect(throws: LayersError.self) {
            try Recompressor.recompress(
                source, expecting: LayerExpectation(diffID: descriptor.digest), to: target, as: .none)
        }
    }

    @Test("an opaque directory and clamped times survive a copy of a layer")
    func copying() throws {
        let scratch = try Scratch()
        var entries = try [
            TreeEntry(path: TreePath("d"), kind: .directory(opaque: true), mode: 0o755),
            TreeEntry(path: TreePath("d/f"), kind: .file, mode: 0o600, uid: 3_000_000),
            TreeEntry(path: TreePath("e"), kind: .directory(opaque: false), mode: 0o755),
            TreeEntry(path: TreePath("e/link"), kind: .hardLink(target: TreePath("d/f"))),
            TreeEntry(path: TreePath("gone"), kind: .whiteout),
        ]
        for index in entries.indices { entries[index].modificationTime = FileTime(seconds: 200) }
        let contents = [entries[1].path: content(100_000)]
        let (blob, layer) = try scratch.layer(entries, contents: contents)
        let expected = try scratch.layer(entries, contents: contents, epoch: 100, name: "expected").layer
        let source = try FileDescriptor.open(blob, .readOnly)
        defer { try? source.close() }
        let target = try FileDescriptor.open("/dev/null", .writeOnly)
        defer { try? target.close() }
        let writer = LayerWriter(to: target, epoch: 100)
        try writer.append(allOf: LayerReader(from: source, expecting: .none), index: layer.index)
        #expect(try writer.finish().diffID == expected.diffID)
    }

    @Test("GNU tar reads the size of a file of 9 GiB")
    func hugeFile() throws {
        struct Enough: Error {}
        let scratch = try Scratch()
        let file = try scratch.write([], to: "huge.tar")
        let target = try FileDescriptor.open(file, .writeOnly)
        let entry = TreeEntry(path: try TreePath("huge"), kind: .file, mode: 0o644, size: 9 << 30)
        var pieces = 0
        #expect(throws: Enough.self) {
            try target.closeAfter {
                let writer = LayerWriter(to: target, compression: .none)
                try writer.append(
                    entry,
                    content: .reader { room in
                        pieces += 1
                        if pieces > 8 { throw Enough() }
                        return room.count
                    })
            }
        }
        let list = try run("/bin/sh", "-c", "tar --list --verbose --file \"$1\" 2>/dev/null || true", "sh", file.string)
        #expect(list.contains(" 9663676416 "), "\(list)")
    }
}
