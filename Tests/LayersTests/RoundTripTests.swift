// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Layers
import OCI
import SystemPackage
import Testing

@Suite struct RoundTripTests {
    @Test("a written layer reads back as the same index, whatever is in it", arguments: 1...12)
    func indexIsTheSame(seed: UInt64) throws {
        let scratch = try Scratch()
        let tree = try RandomTree(seed: seed, count: 120)
        let (file, written) = try scratch.layer(tree.entries, contents: tree.contents)
        let read = try index(file, expecting: LayerExpectation(written.descriptor, diffID: written.diffID))
        #expect(read.index == written.index)
        #expect(read.diffID == written.diffID)
        #expect(read.uncompressedSize == written.uncompressedSize)
        #expect(try LayerIndex(encoded: written.index.encoded) == written.index)
        #expect(Array(written.index).map(\.path) == tree.entries.map(\.path).sorted())
    }

    @Test("an unpacked layer has the written files", .enabled(if: isRoot, needsRoot), arguments: 20...25)
    func filesAreTheSame(seed: UInt64) throws {
        let scratch = try Scratch()
        let tree = try RandomTree(seed: seed, count: 100)
        let (file, written) = try scratch.layer(tree.entries, contents: tree.contents)
        let snapshot = try scratch.folder("snapshot")
        let unpacked = try unpack(file, into: snapshot, expecting: .init(written.descriptor, diffID: written.diffID))
        #expect(unpacked.index == written.index)
        #expect(unpacked.impliedDirectoryCount == 0)
        // GNU tar is the judge: both say the same of every file.
        let ours = try run("tar", "-C", snapshot.string, "--numeric-owner", "--sort=name", "-cf", "-", ".").utf8.count
        #expect(ours > 0)
        for entry in written.index {
            var status = stat()
            let place = snapshot.string + "/" + String(decoding: entry.path.bytes, as: UTF8.self)
            guard entry.path.string != nil else { continue }
            if entry.kind == .whiteout {
                // Whiteouts in opaque directories hide nothing and are not made.
                guard lstat(place, &status) == 0 else { continue }
                #expect(status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == 0)
                continue
            }
            #expect(lstat(place, &status) == 0, "\(entry.path)")
            #expect(status.st_uid == entry.uid && status.st_gid == entry.gid, "\(entry.path)")
            #expect(Int64(status.st_mtim.tv_sec) == entry.modificationTime.seconds, "\(entry.path)")
            if case .symlink = entry.kind { continue }
            #expect(UInt16(status.st_mode & 0o7777) == entry.mode, "\(entry.path)")
            if let digest = entry.digest {
                #expect(Digest.sha256(of: try scratch.read(FilePath(place))) == digest)
            }
        }
    }

    @Test(
        "we and GNU tar unpack the same from our archives and from its own", .enabled(if: isRoot, needsRoot),
        arguments: 40...44)
    func gnuTarUnpacksTheSame(seed: UInt64) throws {
        let scratch = try Scratch()
        let tree = try RandomTree(seed: seed, count: 100)
        // GNU tar knows no whiteouts.
        let entries = tree.entries.filter { $0.kind != .whiteout }.map { entry in
            var entry = entry
            if entry.isDirectory { entry.kind = .directory(opaque: false) }
            return entry
        }
        let (file, _) = try scratch.layer(entries, contents: tree.contents)
        let (theirs, ours, again) = (
            try scratch.folder("theirs"), try scratch.folder("ours"), try scratch.folder("again")
        )
        try run(
            "tar", "--delay-directory-restore", "--numeric-owner", "--xattrs", "-C", theirs.string, "-xpf", file.string)
        _ = try unpack(file, into: ours)
        let listing = try listing(theirs)
        let difference = try differences(self.listing(ours), listing)
        #expect(difference == [])
        let archive = scratch.path.appending("archive")
        try run(
            "tar", "-S", "--numeric-owner", "--xattrs", "--format=pax", "-C", theirs.string, "-cf", archive.string, ".")
        _ = try unpack(archive, into: again)
        let differenceAgain = try differences(self.listing(again), listing)
        #expect(differenceAgain == [])
    }

    private func differences(_ left: String, _ right: String) -> [Substring] {
        left.split(separator: "\n").difference(from: right.split(separator: "\n")).map { change in
            switch change {
            case .insert(_, let line, _), .remove(_, let line, _): line
            }
        }
    }

    /// Everything that find(1) and cksum(1) can tell of a folder's contents.
    private func listing(_ folder: FilePath) throws -> String {
        try run(
            "/bin/sh", "-ec",
            """
            cd "$1"
            common='%P %y %m %U %G %Ts'
            find . -mindepth 1 \\( -type d -printf "$common\\n" -o -printf "$common %s %n %l\\n" \\) | sort
            find . -type f -exec cksum {} + | sort
            """, "sh", folder.string)
    }

    @Test("GNU tar lists what was written, and gzip finds no fault")
    func gnuTarAgrees() throws {
        let scratch = try Scratch()
        let long = String(repeating: "d", count: 120)
        let contents = [try TreePath("etc/hosts"): Array("127.0.0.1 localhost\n".utf8)]
        let (file, _) = try scratch.layer(
            [
                TreeEntry(path: try TreePath("etc"), kind: .directory(opaque: true), mode: 0o755),
                TreeEntry(
                    path: try TreePath("etc/hosts"), kind: .file, mode: 0o4644, uid: 3_000_000, gid: 7,
                    modificationTime: FileTime(seconds: 1_700_000_000, nanoseconds: 5)),
                TreeEntry(path: try TreePath("etc/link"), kind: .symlink(target: Array("hosts".utf8)), mode: 0o777),
                TreeEntry(path: try TreePath("etc/two"), kind: .hardLink(target: try TreePath("etc/hosts"))),
                TreeEntry(path: try TreePath("etc/gone"), kind: .whiteout),
                TreeEntry(path: try TreePath("null"), kind: .characterDevice(major: 1, minor: 3), mode: 0o666),
                TreeEntry(path: try TreePath(long), kind: .directory(opaque: false), mode: 0o700),
            ], contents: contents, name: "layer.tgz")
        try run("gzip", "-t", file.string)
        let listing = try run("tar", "--numeric-owner", "-tvf", file.string)
        let lines = listing.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(
            lines == [
                "drwxr-xr-x 0/0 0 1970-01-01 00:00 etc/",
                "---------- 0/0 0 1970-01-01 00:00 etc/.wh..wh..opq",
                "-rwSr--r-- 3000000/7 20 2023-11-14 22:13 etc/hosts",
                "lrwxrwxrwx 0/0 0 1970-01-01 00:00 etc/link -> hosts",
                "h--------- 0/0 0 1970-01-01 00:00 etc/two link to etc/hosts",
                "---------- 0/0 0 1970-01-01 00:00 etc/.wh.gone",
                "crw-rw-rw- 0/0 1,3 1970-01-01 00:00 null",
                "drwx------ 0/0 0 1970-01-01 00:00 \(long)/",
            ])
    }
}
