// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Layers
import OCI
import SystemPackage
import Testing

@Suite struct ForeignArchiveTests {
    /// A folder with everything that the formats have in common.
    private func source(_ scratch: Scratch) throws -> FilePath {
        let folder = try scratch.folder("source")
        try run(
            "/bin/sh", "-ec",
            """
            cd "$1"
            mkdir -p dir/empty; echo hello > dir/file; chmod 4755 dir/file
            ln dir/file dir/hard; ln -s /etc/passwd dir/soft
            touch -d @1700000000 dir/file
            # Holes in front, between and behind, and more pieces than one header holds.
            for block in 1 3 5 7 9 11 13; do
                printf data | dd of=sparse bs=65536 seek=$block conv=notrunc status=none
            done
            truncate -s 2000000 sparse
            """, "sh", folder.string)
        return folder
    }

    @Test(
        "what GNU tar writes is read as it is",
        arguments: ["gnu", "pax", "ustar", "oldgnu", "v7"], ["", "gzip", "zstd", "xz", "bzip2"])
    func formats(format: String, compression: String) throws {
        let scratch = try Scratch()
        let folder = try source(scratch)
        let tar = scratch.path.appending("a.tar")
        var command = ["tar", "--format=\(format)", "--numeric-owner", "-C", folder.string, "-cf", tar.string, "."]
        if format != "ustar", format != "v7" { command.insert("-S", at: 1) }
        try run(command)
        if !compression.isEmpty {
            try run("/bin/sh", "-ec", "\(compression) -c < \"$1\" > \"$1.new\"; mv \"$1.new\" \"$1\"", "sh", tar.string)
        }
        let index = try index(tar).index
        #expect(
            index.map(\.path.description)
                == ["", "dir", "dir/empty", "dir/file", "dir/hard", "dir/soft", "sparse"])
        let file = try #require(index.first { $0.path.description == "dir/file" })
        let hard = try #require(index.first { $0.path.description == "dir/hard" })
        let pair = Set([file.kind, hard.kind])
        #expect(pair == [.file, .hardLink(target: file.kind == .file ? file.path : hard.path)])
        #expect(file.mode == 0o4755 && hard.mode == 0o4755)
        #expect(file.digest == Digest.sha256(of: "hello\n") && hard.digest == file.digest)
        #expect(file.modificationTime.seconds == 1_700_000_000)
        #expect(index.lookup(try TreePath("dir/soft"))?.kind == .symlink(target: Array("/etc/passwd".utf8)))
        let sparse = try #require(index.lookup(try TreePath("sparse")))
        #expect(sparse.size == 2_000_000)
        #expect(sparse.digest == Digest.sha256(of: try scratch.read(folder.appending("sparse"))))
    }

    @Test("every version of GNU's sparse files in pax headers is read", arguments: ["0.0", "0.1", "1.0"])
    func sparseVersions(version: String) throws {
        let scratch = try Scratch()
        let folder = try source(scratch)
        let tar = scratch.path.appending("a.tar")
        try run(
            "tar", "-S", "--format=pax", "--sparse-version=\(version)", "-C", folder.string, "-cf", tar.string, "sparse"
        )
        let sparse = try #require(try index(tar).index.lookup(try TreePath("sparse")))
        #expect(sparse.size == 2_000_000)
        #expect(sparse.digest == Digest.sha256(of: try scratch.read(folder.appending("sparse"))))
    }

    @Test("long names, odd names and large numbers survive", arguments: ["gnu", "pax"])
    func names(format: String) throws {
        let scratch = try Scratch()
        let folder = try scratch.folder("source")
        let long = String(repeating: "long-name/", count: 30)
        try run(
            "/bin/sh", "-ec",
            """
            cd "$1"; mkdir -p "$2"; echo x > "$2/file"; ln -s "$2/file" link
            printf y > "$(printf 'bad\\377name')"; printf z > 'new
            line'; printf é > 'été'
            """, "sh", folder.string, long)
        let tar = scratch.path.appending("a.tar")
        try run(
            "tar", "--format=\(format)", "--owner=x:3000000", "--group=y:2097152", "-C", folder.string, "-cf",
            tar.string,
            ".")
        let index = try index(tar).index
        let file = try #require(index.lookup(try TreePath(long + "file")))
        #expect(file.uid == 3_000_000 && file.gid == 2_097_152)
        #expect(index.lookup(try TreePath("link"))?.kind == .symlink(target: Array((long + "/file").utf8)))
        let odd = try TreePath(bytes: Array("bad".utf8) + [0xff] + Array("name".utf8))
        #expect(index.lookup(odd)?.digest == Digest.sha256(of: "y"))
        #expect(odd.string == nil && odd.description == "bad\\xffname")
        #expect(index.lookup(try TreePath("new\nline"))?.digest == Digest.sha256(of: "z"))
        #expect(index.lookup(try TreePath("été"))?.digest == Digest.sha256(of: "é"))
    }

    @Test("attributes travel both ways between us and GNU tar", .enabled(if: isRoot, needsRoot))
    func attributes() throws {
        let scratch = try Scratch()
        // cap_net_raw+ep, as in vfs_cap_data revision 2.
        let capability: [UInt8] = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let path = try TreePath("ping")
        let entry = TreeEntry(
            path: path, kind: .file, mode: 0o755,
            xattrs: ["security.capability": capability, "user.overlay.redirect": Array("/etc".utf8)])
        let (file, written) = try scratch.layer([entry], compression: .none)
        #expect(written.index.lookup(path)?.xattrs == ["security.capability": capability])
        let folder = try scratch.folder("gnu")
        try run("tar", "--xattrs", "--xattrs-include=*", "-C", folder.string, "-xf", file.string)
        let again = scratch.path.appending("again.tar")
        try run(
            "tar", "--xattrs", "--xattrs-include=*", "--format=pax", "-C", folder.string, "-cf", again.string, "ping")
        #expect(try index(again).index.lookup(path)?.xattrs == ["security.capability": capability])
        let snapshot = try scratch.folder("snapshot")
        #expect(try unpack(file, into: snapshot).skipped == [])
    }
}
