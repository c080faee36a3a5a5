// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
import OCI
import Testing

@Suite struct LayerIndexTests {
    @Test("a torn or altered index is an error, never a crash")
    func torn() throws {
        let index = try LayerIndex(entries: RandomTree(seed: 3, count: 30).entries)
        let encoded = index.encoded
        #expect(try LayerIndex(encoded: encoded) == index)
        for length in 0..<encoded.count where length % 7 == 0 || length > encoded.count - 8 {
            #expect(throws: LayersError.self) { try LayerIndex(encoded: Array(encoded[..<length])) }
        }
        var random = SeededGenerator(seed: 4)
        for _ in 0..<300 {
            var altered = encoded
            let place = Int.random(in: 0..<altered.count, using: &random)
            altered[place] ^= UInt8.random(in: 1...255, using: &random)
            #expect(throws: LayersError.self) { try LayerIndex(encoded: altered) }
        }
    }

    @Test("every entry is found by its path, and every directory lists its children", arguments: 1...4)
    func lookup(seed: UInt64) throws {
        let entries = try RandomTree(seed: seed, count: 150).entries
        let index = try LayerIndex(entries: entries)
        for entry in entries { #expect(index.lookup(entry.path)?.path == entry.path) }
        for directory in entries.filter(\.isDirectory).map(\.path) + [.root] {
            let expected = entries.map(\.path).filter { $0.parent == directory }.sorted()
            #expect(index.children(of: directory).map(\.path) == expected)
        }
        #expect(index.lookup(try TreePath("not/there")) == nil)
    }

    @Test("a directory comes right before what is in it, whatever its siblings are called")
    func order() throws {
        let paths = try ["a", "a/b", "a/b/c", "a b", "a.b", "a0", "b"].map { try TreePath($0) }
        #expect(paths.shuffled().sorted() == paths)
    }

    @Test(
        "text becomes a path or an error",
        arguments: [
            ("/a//b/./c/", "a/b/c"), ("", ""), ("/", ""), ("a..b", "a..b"), ("../a", nil), ("a/..", nil),
            ("a\u{0}", nil),
        ])
    func paths(text: String, path: String?) {
        #expect((try? TreePath(text))?.string == path)
    }
}
