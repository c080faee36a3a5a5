// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Layers
import OCI
import SystemPackage
import Testing

@Suite struct HostileArchiveTests {
    /// One header block of an archive made by hand.
    struct Block {
        var name: String
        var type: Character = "0"
        var link = ""
        var content: [UInt8] = []
        var size: Int?

        /// A pax header with these records.
        static func pax(_ records: [(String, String)]) -> Block {
            var content: [UInt8] = []
            for (key, value) in records {
                let rest = key.utf8.count + value.utf8.count + 3
                var length = rest + 1
                while length != rest + String(length).utf8.count { length += 1 }
                content += Array("\(length) \(key)=\(value)\n".utf8)
            }
            return Block(name: "pax", type: "x", content: content)
        }

        var bytes: [UInt8] {
            var block = [UInt8](repeating: 0, count: 512)
            func put(_ text: String, _ offset: Int) {
                for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
            }
            func octal(_ value: Int, _ digits: Int) -> String {
                let text = String(value, radix: 8)
                return String(repeating: "0", count: digits - text.utf8.count) + text
            }
            put(name, 0)
            put("0000755", 100)
            put("0000000", 108)
            put("0000000", 116)
            put(octal(size ?? content.count, 11), 124)
            put("00000000000", 136)
            put("        ", 148)
            put(String(type), 156)
            put(link, 157)
            put("ustar\u{0}00", 257)
            put(octal(block.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", 148)
            let padding = [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
            return block + content + padding
        }
    }

    private func archive(_ blocks: [Block]) -> [UInt8] {
        blocks.flatMap(\.bytes) + [UInt8](repeating: 0, count: 1024)
    }

    /// Unpacks bytes beside a canary, and fails when anything outside of the folder changed.
    @discardableResult
    private func unpackBesideCanary(_ bytes: [UInt8]) throws -> UnpackedLayer {
        let scratch = try Scratch()
        let blob = try scratch.write(bytes, to: "blob")
        let outside = try scratch.folder("outside")
        _ = try scratch.write(Array("alive".utf8), to: "outside/canary")
        let folder = try scratch.folder("root")
        defer {
            let names = (try? run("/bin/ls", "-A", outside.string)) ?? ""
            #expect(names == "canary\n")
            #expect((try? scratch.read(outside.appending("canary"))) == Array("alive".utf8))
            #expect(((try? run("/bin/ls", "-A", scratch.path.string)) ?? "") == "blob\noutside\nroot\n")
        }
        return try unpack(blob, into: folder)
    }

    @Test(
        "what would leave the root is refused",
        arguments: [
            [Block(name: "../outside/new")],
            [Block(name: "a/../../outside/new")],
            [Block(name: "..", type: "5")],
            [Block(name: "soft", type: "2", link: "../outside"), Block(name: "soft/new")],
            [Block(name: "soft", type: "2", link: "../outside"), Block(name: "soft/deep/new")],
            [Block(name: "hard", type: "1", link: "../outside/canary")],
            [
                Block(name: "soft", type: "2", link: "../outside"),
                Block(name: "hard", type: "1", link: "soft/canary"),
            ],
            [Block(name: "hard", type: "1", link: "nowhere")],
            [Block(name: "a/.wh...")],
            [Block(name: "a/.wh..")],
            [Block(name: ".wh.")],
            [Block(name: "file"), Block(name: "file/below")],
            [Block(name: "strange", type: "M")],
            [Block(name: "", type: "2", link: "x")],
            [Block(name: "soft", type: "2", link: "")],
            [Block(name: "cut", size: 100_000)],
            [Block(name: "p", type: "x", content: Array("99999999999 path=a\n".utf8)), Block(name: "q")],
            [Block(name: "p", type: "x", content: Array("12 path=a\n".utf8)), Block(name: "q")],
            [.pax([("path", "a/../b")]), Block(name: "q")],
            [.pax([("path", "a\u{0}b")]), Block(name: "q")],
            [.pax([("linkpath", "../outside/canary")]), Block(name: "q", type: "1", link: "a")],
            [.pax([("uid", "99999999999999")]), Block(name: "q")],
            [.pax([("uid", "4294967295")]), Block(name: "q")],
            [.pax([("size", "-1")]), Block(name: "q")],
            [.pax([("mtime", "tomorrow")]), Block(name: "q")],
            [.pax([("path", String(repeating: "n", count: 256))]), Block(name: "q")],
            [.pax([("path", String(repeating: "n/", count: 2049))]), Block(name: "q")],
            [Block(name: "p", type: "x", size: 1 << 30)],
            [
                .pax([("GNU.sparse.major", "1"), ("GNU.sparse.realsize", "99999999")]),
                Block(name: "q", content: Array("99999999\n".utf8)),
            ],
            [
                .pax([("GNU.sparse.map", "0,1,0,4"), ("GNU.sparse.size", "100")]),
                Block(name: "q", content: [1, 2, 3, 4, 5]),
            ],
            [
                .pax([("GNU.sparse.map", "0,1,8,4"), ("GNU.sparse.size", "10")]),
                Block(name: "q", content: [1, 2, 3, 4, 5]),
            ],
            [
                .pax([("GNU.sparse.map", "0,5,9223372036854775807,1"), ("GNU.sparse.size", "100")]),
                Block(name: "q", content: [1, 2, 3, 4, 5]),
            ],
            [
                .pax([("GNU.sparse.map", "0,5"), ("GNU.sparse.size", "999999999999999999")]),
                Block(name: "q", content: [1, 2, 3, 4, 5]),
            ],
        ])
    func refused(blocks: [Block]) {
        #expect(throws: LayersError.self) { try unpackBesideCanary(archive(blocks)) }
    }

    @Test("a symbolic link that points outside may be in a layer; it is not followed when it is replaced")
    func replacedLink() throws {
        let layer = try unpackBesideCanary(
            archive([
                Block(name: "soft", type: "2", link: "../outside/canary"), Block(name: "soft", content: [1]),
                Block(name: "dir", type: "2", link: "../outside"), Block(name: "dir", type: "5"),
                Block(name: "dir/new"),
            ]))
        #expect(layer.index.map(\.path.description) == ["dir", "dir/new", "soft"])
        #expect(layer.index.map(\.kind) == [.directory(opaque: false), .file, .file])
    }

    @Test("what pax records say goes before the header, and attributes of overlayfs are not taken")
    func paxRecords() throws {
        let long = String(repeating: "n", count: 250)
        let layer = try unpackBesideCanary(
            archive([
                .pax([
                    ("path", long), ("uid", "3000000"), ("mtime", "-1.25"),
                    ("SCHILY.xattr.user.overlay.redirect", "/etc"),
                    ("SCHILY.xattr.user.note", "a=b"),
                ]),
                Block(name: "q", content: [1]),
                Block(name: "r"),
            ]))
        let entry = try #require(layer.index.lookup(try TreePath(long)))
        #expect(entry.uid == 3_000_000 && entry.xattrs == ["user.note": Array("a=b".utf8)])
        #expect(entry.modificationTime == FileTime(seconds: -2, nanoseconds: 750_000_000))
        #expect(layer.index.lookup(try TreePath("r"))?.uid == 0)
    }

    @Test("names are made relative and normal")
    func normalNames() throws {
        let layer = try unpackBesideCanary(
            archive([
                Block(name: "./", type: "5"), Block(name: "/abs//x/./y"), Block(name: "./dir/", type: "5"),
                Block(name: "link", type: "1", link: "/abs/x/y"),
            ]))
        #expect(layer.index.map(\.path.description) == ["", "abs/x/y", "dir", "link"])
        #expect(layer.impliedDirectoryCount == 2)
    }

    @Test("of two entries with one name the last counts, and whiteouts concern lower layers only")
    func duplicates() throws {
        let layer = try unpackBesideCanary(
            archive([
                Block(name: "a", content: [1]), Block(name: "b", type: "1", link: "a"), Block(name: "a", content: [2]),
                Block(name: "d", type: "5"), Block(name: "d/x"), Block(name: "d/deep", type: "5"),
                Block(name: "d/deep/y"),
                Block(name: "d", content: [3]),
                Block(name: "e", type: "5"), Block(name: "e/kept"), Block(name: ".wh.e"),
                Block(name: "f/.wh..wh..opq"), Block(name: "f", type: "5"),
                Block(name: ".wh.g"), Block(name: "g", content: [4]), Block(name: ".wh..wh.plnk", type: "5"),
                Block(name: "h", content: [5]), Block(name: "i", type: "1", link: "h"), Block(name: "h", type: "5"),
                Block(name: "j", type: "1", link: "i"),
            ]))
        let kinds = layer.index.map { "\($0.path) \($0.kind)" }
        #expect(
            kinds == [
                "a file", "b file", "d file", "e directory(opaque: true)", "e/kept file", "f directory(opaque: true)",
                "g file", "h directory(opaque: false)", "i file", "j hardLink(target: i)",
            ])
        #expect(layer.index.lookup(try TreePath("b"))?.digest == Digest.sha256(of: [1]))
        #expect(layer.index.lookup(try TreePath("a"))?.digest == Digest.sha256(of: [2]))
        #expect(layer.index.lookup(try TreePath("j"))?.digest == Digest.sha256(of: [5]))
    }

    @Test("truncated anywhere, a layer is an error or verified wrong", arguments: [LayerCompression.none, .standard])
    func truncated(compression: LayerCompression) throws {
        let scratch = try Scratch()
        let tree = try RandomTree(seed: 5, count: 20)
        let (file, written) = try scratch.layer(tree.entries, contents: tree.contents, compression: compression)
        let bytes = try scratch.read(file)
        for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 60)) {
            let cut = try scratch.write(bytes[..<length], to: "cut")
            #expect(throws: LayersError.self) {
                try index(cut, expecting: LayerExpectation(written.descriptor, diffID: written.diffID))
            }
            #expect(throws: LayersError.self) { try index(cut, expecting: LayerExpectation(diffID: written.diffID)) }
        }
    }

    @Test("mutated archives never crash, hang or escape", arguments: 1...8)
    func mutated(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let scratch = try Scratch()
        let tree = try RandomTree(seed: seed, count: 12)
        let (file, _) = try scratch.layer(
            tree.entries, contents: tree.contents, compression: seed % 4 == 0 ? .standard : .none)
        let bytes = try scratch.read(file)
        let outside = try scratch.folder("outside")
        var (refused, accepted) = (0, 0)
        for round in 0..<60 {
            var mutant = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                // Headers are more interesting than contents.
                let block = Int.random(in: 0..<max(1, mutant.count / 512), using: &random) * 512
                let place = min(block + Int.random(in: 0..<512, using: &random), mutant.count - 1)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: mutant[place] = UInt8.random(in: 0...255, using: &random)
                case 1: mutant[place] = [0, 47, 46, 49, 50, 53, 120, 76, 83, 255].randomElement(using: &random) ?? 0
                case 2: mutant.removeSubrange(place..<min(place + 512, mutant.count))
                default: mutant.insert(contentsOf: mutant[block..<min(block + 512, mutant.count)], at: block)
                }
                if mutant.isEmpty { mutant = [0] }
                if seed % 4 != 0, Bool.random(using: &random) { repair(&mutant, at: block) }
            }
            let blob = try scratch.write(mutant, to: "mutant")
            let folder = try scratch.folder("root\(round)")
            do {
                _ = try unpack(blob, into: folder)
                accepted += 1
            } catch is LayersError {
                refused += 1
            }
        }
        #expect(refused + accepted == 60)
        #expect(try run("/bin/ls", "-A", outside.string) == "")
    }

    /// Makes a header's checksum right again, so that the mutation is seen.
    private func repair(_ bytes: inout [UInt8], at block: Int) {
        guard block + 512 <= bytes.count else { return }
        for index in 148..<156 { bytes[block + index] = 32 }
        let sum = String(bytes[block..<(block + 512)].reduce(0) { $0 + Int($1) }, radix: 8)
        let text = String(repeating: "0", count: max(0, 6 - sum.utf8.count)) + sum + "\u{0} "
        for (index, byte) in text.utf8.enumerated() { bytes[block + 148 + index] = byte }
    }

    @Test("a blob with other bytes than expected says what is wrong with it")
    func verification() throws {
        let scratch = try Scratch()
        let (file, written) = try scratch.layer([TreeEntry(path: try TreePath("a"), kind: .directory(opaque: false))])
        let other = Digest.sha256(of: "other")
        #expect(throws: LayersError.blobDigestMismatch(expected: other, actual: written.digest)) {
            try index(file, expecting: LayerExpectation(digest: other))
        }
        #expect(throws: LayersError.diffIDMismatch(expected: other, actual: written.diffID)) {
            try index(file, expecting: LayerExpectation(digest: written.digest, diffID: other))
        }
        #expect(throws: LayersError.blobSizeMismatch(expected: 1, actual: written.size)) {
            try index(file, expecting: LayerExpectation(size: 1))
        }
        // Bytes behind the archive are bytes of the blob all the same.
        let longer = try scratch.write(scratch.read(file) + [0, 0], to: "longer")
        #expect(throws: LayersError.self) {
            try index(longer, expecting: LayerExpectation(digest: written.digest))
        }
    }
}
