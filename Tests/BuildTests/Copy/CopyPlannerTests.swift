// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Dockerfile
import Layers
import OCI
import Testing

@Suite("COPY: what lands where")
struct CopyPlannerTests {
    @Test(
        "a file is copied to a name, or into a directory that is there or has a slash",
        arguments: [
            ("/b", ["b 644 0:0 < a"]), ("/b/", ["b/ 755 0:0", "b/a 644 0:0 < a"]), ("/", ["a 644 0:0 < a"]),
            ("/dir", ["dir/ 700 5:5", "dir/a 644 0:0 < a"]), ("/dir/", ["dir/ 700 5:5", "dir/a 644 0:0 < a"]),
            ("/dir/x", ["dir/ 700 5:5", "dir/x 644 0:0 < a"]),
            ("/n/m/x", ["n/ 755 0:0", "n/m/ 755 0:0", "n/m/x 644 0:0 < a"]),
            ("/todir", ["dir/ 700 5:5", "dir/a 644 0:0 < a"]), ("/todir/y", ["dir/ 700 5:5", "dir/y 644 0:0 < a"]),
            ("/tonowhere/y", ["gone/ 755 0:0", "gone/y 644 0:0 < a"]), ("/file", ["file 644 0:0 < a"]),
            ("/tofile", ["file 644 0:0 < a"]), ("/up/y", ["y 644 0:0 < a"]),
        ])
    func file(place: String, expected: [String]) throws {
        let copy = Copying(
            from: [.file("a")],
            onto: [
                .directory("dir", mode: 0o700, owner: 5), .file("file"), .link("todir", to: "/dir"),
                .link("tonowhere", to: "gone"), .link("tofile", to: "file"), .link("up", to: "../../.."),
            ])
        #expect(try copy("a", to: place) == expected)
    }

    @Test("a directory's contents are merged into the destination", arguments: ["d", "d/", "/d", "./d", "../d", "l"])
    func contents(source: String) throws {
        let copy = Copying(
            from: [
                .directory("d", mode: 0o700), .file("d/.dot"), .file("d/f"), .directory("d/sub", mode: 0o750),
                .file("d/sub/g", mode: 0o4755), .link("d/ln", to: "/etc/passwd"), .link("l", to: "d"),
            ], onto: [.directory("x", mode: 0o711, owner: 3), .directory("x/sub", mode: 0o777, owner: 3)])
        let expected = [
            "x/ 711 3:3", "x/.dot 644 0:0 < d/.dot", "x/f 644 0:0 < d/f", "x/ln 777 0:0 -> /etc/passwd",
            "x/sub/ 750 0:0", "x/sub/g 4755 0:0 < d/sub/g",
        ]
        #expect(try copy(source, to: "/x") == expected)
        #expect(try copy(source, to: "/x/") == expected)
    }

    @Test("a directory that is made for a directory's contents has mode 0755 and the owner asked for")
    func newDirectory() throws {
        let copy = Copying(from: [.directory("d", mode: 0o700, owner: 9), .file("d/f", owner: 9)])
        #expect(try copy("d", to: "/new") == ["new/ 755 0:0", "new/f 644 9:9 < d/f"])
        #expect(
            try copy("d", to: "/p/new", owner: (1, 2)) == ["p/ 755 1:2", "p/new/ 755 1:2", "p/new/f 644 1:2 < d/f"])
        #expect(try copy("d", to: "/new", mode: "0600") == ["new/ 600 0:0", "new/f 600 9:9 < d/f"])
    }

    @Test("several directories are merged, later files win")
    func several() throws {
        let copy = Copying(from: [
            .directory("a"), .file("a/x", "1"), .file("a/y"), .directory("b"), .file("b/x", "22"), .file("c"),
        ])
        #expect(
            try copy("a", "b", "c", to: "/d/") == [
                "d/ 755 0:0", "d/c 644 0:0 < c", "d/x 644 0:0 < b/x", "d/y 644 0:0 < a/y",
            ])
    }

    @Test("the whole tree can be copied", arguments: [".", "/", "..", "./"])
    func everything(source: String) throws {
        let copy = Copying(from: [.file("a"), .directory("d"), .file("d/b")])
        #expect(try copy(source, to: "/") == ["a 644 0:0 < a", "d/ 755 0:0", "d/b 644 0:0 < d/b"])
    }

    @Test("a link at the place of a file is replaced, what it leads to stays")
    func overLink() throws {
        let copy = Copying(
            from: [.directory("d"), .file("d/f")],
            onto: [.directory("x"), .link("x/f", to: "/etc/passwd"), .directory("etc"), .file("etc/passwd")])
        #expect(try copy("d", to: "/x") == ["x/ 755 0:0", "x/f 644 0:0 < d/f"])
        #expect(try copy("d/f", to: "/x/") == ["x/ 755 0:0", "x/f 644 0:0 < d/f"])
    }

    @Test("directories and files do not replace each other")
    func clashes() throws {
        let copy = Copying(
            from: [.directory("d"), .directory("d/n"), .file("f"), .directory("e"), .file("e/n")],
            onto: [.file("file"), .directory("x"), .file("x/n"), .directory("y"), .directory("y/n"), .directory("y/f")])
        #expect(throws: CopyError.directoryOverFile("/file")) { try copy("d", to: "/file") }
        #expect(throws: CopyError.directoryOverFile("/x/n")) { try copy("d", to: "/x") }
        #expect(throws: CopyError.fileOverDirectory("/y/n")) { try copy("e", to: "/y") }
        #expect(throws: CopyError.fileOverDirectory("/y/f")) { try copy("f", to: "/y") }
        #expect(throws: CopyError.notADirectory("/file")) { try copy("f", to: "/file/") }
        #expect(throws: LayersError.self) { try copy("f", to: "/file/x") }
        #expect(throws: CopyError.directoryOverFile("/z/n")) { try copy("e", "d", to: "/z/") }
    }

    @Test(
        "wildcards are Go's",
        arguments: [
            ("*.txt", ["b.txt", "a.txt", ".h.txt"]), ("*", ["a.txt", "b.txt", "c.md", ".h.txt", "in.txt"]),
            ("?.txt", ["a.txt", "b.txt"]), ("[a-b].*", ["a.txt", "b.txt"]), ("[^a].txt", ["b.txt"]),
            ("s*/in.txt", ["in.txt"]), ("s*/*", ["in.txt"]), ("sub/*", ["in.txt"]), ("link/*", ["in.txt"]),
            ("*.none", []), ("../*.md", ["c.md"]), ("\\*", []),
        ])
    func wildcards(pattern: String, names: [String]) throws {
        let copy = Copying(from: [
            .file("a.txt"), .file("b.txt"), .file("c.md"), .file(".h.txt"), .directory("sub"), .file("sub/in.txt"),
            .link("link", to: "sub"),
        ])
        let lines = try copy(pattern, to: "/d/").filter { !$0.hasPrefix("d/ ") }
        #expect(Set(lines.compactMap { $0.split(separator: " ").first?.dropFirst(2).description }) == Set(names))
    }

    @Test("names that are not UTF-8 match wildcards and are copied as they are")
    func foreignNames() throws {
        let name: [UInt8] = [0x61, 0xFF, 0x62]
        let entry = TreeEntry(path: try TreePath(bytes: name), kind: .file, mode: 0o644, digest: .sha256(of: ""))
        let tree = LayerStack([try LayerIndex(entries: [entry])])
        var planner = try CopyPlanner(
            operation: CopyOperation(sources: ["*"], destination: "/"), destination: LayerStack([]), owner: nil)
        for match in try SourceSelection(tree: tree).matches(of: "a*") { try planner.copy(match, from: tree) }
        #expect(planner.finish().entries.map(\.entry.path.bytes) == [name])
    }

    @Test(
        "what is named and not there is an error; links lead nowhere outside",
        arguments: [
            "missing", "d/missing", "../missing", "out", "abs", "loop",
        ])
    func missing(source: String) throws {
        let copy = Copying(from: [
            .directory("d"), .link("out", to: "../../etc/passwd"), .link("abs", to: "/etc/shadow"),
            .link("loop", to: "loop"),
        ])
        let error = #expect(throws: (any Error).self) { try copy(source, to: "/x") }
        if source != "loop" { #expect(error as? CopyError == .notFound(source)) }
    }

    @Test("--chown is for everything copied and made, not for what is only passed through")
    func chown() throws {
        let copy = Copying(
            from: [.directory("d"), .file("d/f"), .link("d/l", to: "f")], onto: [.directory("srv", owner: 7)])
        #expect(
            try copy("d", to: "/srv/new/app", owner: (1000, 1001)) == [
                "srv/ 755 7:7", "srv/new/ 755 1000:1001", "srv/new/app/ 755 1000:1001",
                "srv/new/app/f 644 1000:1001 < d/f", "srv/new/app/l 777 1000:1001 -> f",
            ])
    }

    @Test(
        "--chmod changes files and directories, not links",
        arguments: [
            ("0700", ["s/ 700 0:0", "s/f 700 0:0 < d/s/f", "s/l 777 0:0 -> f"]),
            ("a+X,go-w", ["s/ 755 0:0", "s/f 644 0:0 < d/s/f", "s/l 777 0:0 -> f"]),
            ("u=rwX,go=rX", ["s/ 755 0:0", "s/f 644 0:0 < d/s/f", "s/l 777 0:0 -> f"]),
            ("+t", ["s/ 1775 0:0", "s/f 1664 0:0 < d/s/f", "s/l 777 0:0 -> f"]),
        ])
    func chmod(mode: String, expected: [String]) throws {
        let copy = Copying(from: [
            .directory("d"), .directory("d/s", mode: 0o775), .file("d/s/f", mode: 0o664), .link("d/s/l", to: "f"),
        ])
        #expect(try copy("d", to: "/", mode: mode) == expected)
    }

    @Test("--exclude leaves out by paths below the source, and by the name of a file that is the source")
    func exclude() throws {
        let copy = Copying(from: [
            .directory("d"), .file("d/a.md"), .file("d/b"), .directory("d/s"), .file("d/s/a.md"), .file("d/s/keep.md"),
            .file("top.md"), .file("top.txt"),
        ])
        #expect(
            try copy("d", to: "/x", excludes: ["**/*.md", "!s/keep.md"]) == [
                "x/ 755 0:0", "x/b 644 0:0 < d/b", "x/s/ 755 0:0", "x/s/keep.md 644 0:0 < d/s/keep.md",
            ])
        #expect(
            try copy("d", to: "/x", excludes: ["s"]) == ["x/ 755 0:0", "x/a.md 644 0:0 < d/a.md", "x/b 644 0:0 < d/b"])
        #expect(try copy("top*", to: "/x/", excludes: ["*.md"]) == ["x/ 755 0:0", "x/top.txt 644 0:0 < top.txt"])
    }

    @Test("--link looks at nothing below")
    func link() throws {
        let copy = Copying(from: [.file("f")], onto: [.link("d", to: "/etc"), .directory("etc", owner: 3)])
        #expect(try copy("f", to: "/d/", link: true) == ["d/ 755 0:0", "d/f 644 0:0 < f"])
    }

    @Test("files of heredocs are written as files")
    func inline() throws {
        let files = [InlineFile(name: "one", content: "1\n"), InlineFile(name: "two", content: "2\n")]
        #expect(
            try Copying(from: []).callAsFunction(to: "/d/", owner: (4, 4), files: files) == [
                "d/ 755 4:4", "d/one 644 4:4 = 1\n", "d/two 644 4:4 = 2\n",
            ])
        #expect(try Copying(from: [])(to: "/x", mode: "755", files: [files[0]]) == ["x 755 0:0 = 1\n"])
    }

    @Test("names of one file that are copied together are names of one file; one copied by itself is a file")
    func hardLinks() throws {
        func name(_ path: String) throws -> TestFile {
            var other = TestFile.file(path, "same")
            other.kind = .hardLink(target: try TreePath("d/a"))
            return other
        }
        let copy = Copying(from: [
            .directory("d"), .file("d/a", "same"), try name("d/b"), try name("d/c"),
            .directory("e"), try name("e/x"), try name("e/y"),
        ])
        #expect(try copy("d", to: "/") == ["a 644 0:0 < d/a", "b 644 0:0 = a", "c 644 0:0 = a"])
        #expect(try copy("e", to: "/") == ["x 644 0:0 < e/x", "y 644 0:0 = x"])
        #expect(try copy("d", to: "/", excludes: ["a"]) == ["b 644 0:0 < d/b", "c 644 0:0 = b"])
        #expect(try copy("d/b", to: "/x") == ["x 644 0:0 < d/b"])
        #expect(try copy("d/*", to: "/") == ["a 644 0:0 < d/a", "b 644 0:0 < d/b", "c 644 0:0 < d/c"])
        #expect(try copy("d", "d/c", to: "/") == ["a 644 0:0 < d/a", "b 644 0:0 = a", "c 644 0:0 < d/c"])
    }

    @Test("extended attributes come along and are part of what the plan makes")
    func attributes() throws {
        var file = TestFile.file("f", "x")
        let plain = try Copying(from: [file]).plan(["f"], to: "/f")
        file.xattrs = ["security.capability": [1, 2]]
        let capable = try Copying(from: [file]).plan(["f"], to: "/f")
        #expect(capable.entries.first?.entry.xattrs == file.xattrs)
        #expect(plain.digest != capable.digest)
    }

    @Test("times do not matter for what a plan makes, everything else does")
    func digest() throws {
        let tree = [TestFile.file("f", "x")]
        let digest = try Copying(from: tree).plan(["f"], to: "/d/").digest
        #expect(try Copying(from: tree, onto: [.directory("d")]).plan(["f"], to: "/d").digest == digest)
        #expect(try Copying(from: tree, onto: [.directory("d", mode: 0o700)]).plan(["f"], to: "/d").digest != digest)
        #expect(try Copying(from: [.file("f", "y")]).plan(["f"], to: "/d/").digest != digest)
        #expect(try Copying(from: [.file("f", "x", mode: 0o600)]).plan(["f"], to: "/d/").digest != digest)
        #expect(try Copying(from: tree).plan(["f"], to: "/d/", owner: (1, 0)).digest != digest)
    }

    @Test("WORKDIR makes what is missing for the user, and nothing where all is there")
    func workingDirectory() throws {
        let tree = try LayerStack(files: [.directory("srv", owner: 7), .link("s", to: "srv"), .file("file")])
        func make(_ path: String) throws -> [String] {
            try CopyPlanner.directory(path, owner: (5, 6), time: .epoch, in: tree).entries.map(Copying.line)
        }
        #expect(try make("/srv/a/b") == ["srv/ 755 7:7", "srv/a/ 755 5:6", "srv/a/b/ 755 5:6"])
        #expect(try make("/s/a") == ["srv/ 755 7:7", "srv/a/ 755 5:6"])
        #expect(try make("/srv").isEmpty)
        #expect(throws: (any Error).self) { try make("/file") }
        #expect(throws: (any Error).self) { try make("/file/a") }
    }
}
