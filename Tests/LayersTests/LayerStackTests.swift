// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
import Testing

@Suite struct LayerStackTests {
    private func layer(_ lines: String...) throws -> LayerIndex {
        try LayerIndex(
            entries: lines.map { line in
                let words = line.split(separator: " ").map(String.init)
                let path = try TreePath(words[1])
                switch words[0] {
                case "d": return TreeEntry(path: path, kind: .directory(opaque: false), mode: 0o755)
                case "o": return TreeEntry(path: path, kind: .directory(opaque: true), mode: 0o755)
                case "l": return TreeEntry(path: path, kind: .symlink(target: Array(words[2].utf8)))
                case "-": return TreeEntry(path: path, kind: .whiteout)
                default: return TreeEntry(path: path, kind: .file)
                }
            })
    }

    private func stack() throws -> LayerStack {
        LayerStack([
            try layer(
                "d a", "f a/1", "f a/2", "d b", "f b/1", "l lib usr/lib", "d usr", "d usr/lib", "f usr/lib/x", "d z",
                "f z/1",
                "l abs /usr/lib", "l up ../../../usr", "l loop loop", "l ring1 ring2", "l ring2 ring1",
                "l dangling no/where",
                "l usr/lib/self ../lib/x", "f aa"),
            try layer("- a/1", "o b", "f b/2", "- z", "f implied/deep/file"),
            try layer("f a/3", "d z", "f z/2"),
        ])
    }

    private func names(_ stack: LayerStack, _ path: String) throws -> [String] {
        stack.list(try TreePath(path)).map { "\($0.entry.path)@\($0.layer.map(String.init) ?? "-")" }
    }

    @Test("whiteouts, opaque directories and implied ones are merged as overlayfs does")
    func merge() throws {
        let stack = try stack()
        #expect(try names(stack, "a") == ["a/2@0", "a/3@2"])
        #expect(try names(stack, "b") == ["b/2@1"])
        #expect(try names(stack, "z") == ["z/2@2"])
        #expect(try names(stack, "implied") == ["implied/deep@-"])
        #expect(try names(stack, "aa") == [] && names(stack, "nowhere") == [])
        #expect(stack.lookup(try TreePath("a/1")) == nil)
        #expect(stack.lookup(try TreePath("b/1")) == nil)
        #expect(stack.lookup(try TreePath("aa/x")) == nil)
        #expect(stack.find(try TreePath("usr/lib/x"))?.layer == 0)
        #expect(LayerStack([]).lookup(.root)?.isDirectory == true)
        #expect(
            try names(stack, "") == [
                "a@0", "aa@0", "abs@0", "b@1", "dangling@0", "implied@-", "lib@0", "loop@0", "ring1@0", "ring2@0",
                "up@0",
                "usr@0", "z@2",
            ])
    }

    @Test(
        "links are followed inside the root",
        arguments: [
            ("lib/x", "usr/lib/x", true), ("abs/x", "usr/lib/x", true), ("up/lib/x", "usr/lib/x", true),
            ("abs", "usr/lib", true), ("lib/self", "usr/lib/x", true), ("lib/new/file", "usr/lib/new/file", false),
            ("dangling", "no/where", false), ("dangling/more", "no/where/more", false), ("", "", true),
        ])
    func resolve(path: String, target: String, exists: Bool) throws {
        let resolved = try stack().resolve(try TreePath(path))
        #expect(resolved.path == (try TreePath(target)))
        #expect((resolved.found != nil) == exists)
    }

    @Test("a link at the end is kept on request, and what is missing is told")
    func finalLink() throws {
        let stack = try stack()
        #expect(try stack.resolve(try TreePath("lib"), finalLink: .kept).path == TreePath("lib"))
        #expect(try stack.resolve(try TreePath("lib/a/b")).existingDirectory == TreePath("usr/lib"))
        #expect(try stack.resolve(try TreePath("lib/x")).existingDirectory == TreePath("usr/lib"))
    }

    @Test("circles and files on the way are errors")
    func errors() throws {
        let stack = try stack()
        for path in ["loop", "ring1", "ring1/x"] {
            let path = try TreePath(path)
            #expect(throws: LayersError.symlinkLoop(path)) { try stack.resolve(path) }
        }
        #expect(throws: LayersError.notADirectory(try TreePath("usr/lib/x"))) {
            try stack.resolve(try TreePath("lib/x/y"))
        }
    }
}
