// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Testing

@Suite("COPY --parents: the directories of a source are kept")
struct ParentsTests {
    private let copy = Copying(
        from: [
            .directory("a", mode: 0o700, owner: 4), .file("a/f"), .directory("a/b", mode: 0o711), .file("a/b/f"),
            .file("a/b/g.md"), .directory("a/e"), .directory("c"), .file("c/f", owner: 2), .file("f"),
            .link("c/ln", to: "../a"), .link("to-a", to: "a"),
        ], onto: [.directory("there", mode: 0o750, owner: 7), .directory("there/a", mode: 0o555)])

    @Test(
        "with the mode and owner that they have in the source, from the root or from /./ on",
        arguments: [
            (["a/b/f"], ["d/ 755 0:0", "d/a/ 700 4:4", "d/a/b/ 711 0:0", "d/a/b/f 644 0:0 < a/b/f"]),
            (["/a/./b/f"], ["d/ 755 0:0", "d/b/ 711 0:0", "d/b/f 644 0:0 < a/b/f"]),
            (["./a/b/./f", "f"], ["d/ 755 0:0", "d/f 644 0:0 < f"]),
            (
                ["a/e", "c/ln"],
                ["d/ 755 0:0", "d/a/ 700 4:4", "d/a/e/ 755 0:0", "d/c/ 755 0:0", "d/c/ln 777 0:0 -> ../a"]
            ),
            (["to-a/./b/f"], ["d/ 755 0:0", "d/b/ 711 0:0", "d/b/f 644 0:0 < a/b/f"]),
            (["../../f"], ["d/ 755 0:0", "d/f 644 0:0 < f"]),
        ])
    func paths(sources: [String], expected: [String]) throws {
        for place in ["/d", "/d/"] {
            #expect(try copy.plan(sources, to: place, parents: .kept).entries.map(Copying.line) == expected)
        }
    }

    @Test(
        "** stands for any number of directories, and what matches nothing makes nothing",
        arguments: [
            ("**/f", ["a/b/f", "a/f", "c/f", "f"]), ("a/**/*.md", ["a/b/g.md"]), ("*/f", ["a/f", "c/f"]),
            ("a/./**/f", ["b/f", "f"]), ("?/./f", ["f"]), ("*.none", []), ("a/b*", ["a/b/f", "a/b/g.md"]),
            ("a/**", ["a/b/f", "a/b/g.md", "a/f"]), ("no/**", []),
        ])
    func wildcards(pattern: String, files: [String]) throws {
        let lines = try copy(pattern, to: "/d/", parents: .kept)
        let names = lines.filter { $0.contains(" < ") }.compactMap { $0.split(separator: " ").first?.dropFirst(2) }
        #expect(names.map(String.init) == files)
        if files.isEmpty { #expect(lines.isEmpty) }
    }

    @Test("directories that are there already become what the source says, the destination itself does not")
    func existing() throws {
        #expect(
            try copy("a/f", to: "/there", parents: .kept) == [
                "there/ 750 7:7", "there/a/ 700 4:4", "there/a/f 644 0:0 < a/f",
            ])
    }

    @Test("--chown and --chmod are for the parents, too; --exclude counts from the same directory as the pattern")
    func flags() throws {
        #expect(
            try copy("a/f", to: "/d", owner: (1, 2), mode: "0711", parents: .kept) == [
                "d/ 711 1:2", "d/a/ 711 1:2", "d/a/f 711 1:2 < a/f",
            ])
        #expect(
            try copy("a", to: "/d", excludes: ["a/b", "f"], parents: .kept) == [
                "d/ 755 0:0", "d/a/ 700 4:4", "d/a/e/ 755 0:0", "d/a/f 644 0:0 < a/f",
            ])
        #expect(try copy("a/./b/f", to: "/d", excludes: ["b/*"], parents: .kept).isEmpty)
        #expect(try copy("**/f", to: "/d", excludes: ["**/f"], parents: .kept).isEmpty)
    }

    @Test("what is named and not there is an error", arguments: ["x", "a/x", "a/./x", "to-a/f", "f/./x", "x/./f"])
    func missing(source: String) throws {
        #expect(throws: CopyError.self) { try copy(source, to: "/d", parents: .kept) }
    }

    @Test("the whole tree is what it is without the flag", arguments: [".", "/", "a/./"])
    func whole(source: String) throws {
        #expect(try copy(source, to: "/d", parents: .kept) == copy(source, to: "/d"))
    }
}
