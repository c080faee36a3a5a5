// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Layers
import OCI
import SystemPackage
import Testing

@Suite(.enabled(if: isRoot, "mounts an overlay: needs root")) struct OverlayDiffTests {
    /// Unpacks `lower`, runs a shell script in an overlay over it, and returns the diff of the upper directory.
    private func diff(
        _ scratch: Scratch, _ lower: [WrittenLayerFile], script: String, epoch: Int64? = nil
    ) throws -> (layer: WrittenLayer, upper: FilePath, blob: FilePath) {
        let (upper, work, merged) = (
            try scratch.folder("upper"), try scratch.folder("work"), try scratch.folder("merged")
        )
        var folders: [String] = []
        for (number, layer) in lower.enumerated() {
            let folder = try scratch.folder("lower\(number)")
            _ = try unpack(layer.file, into: folder)
            folders.append(folder.string)
        }
        let lowerFolders = folders.reversed().joined(separator: ":")
        let options = "userxattr,lowerdir=\(lowerFolders),upperdir=\(upper.string),workdir=\(work.string)"
        try run(
            "unshare", "-m", "/bin/sh", "-ec",
            "mount -t overlay overlay -o \"$1\" \"$2\"; cd \"$2\"; \(script)", "sh", options, merged.string)
        let blob = scratch.path.appending("diff.tar")
        let descriptor = try FileDescriptor.open(
            blob, .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644))
        return try descriptor.closeAfter {
            let writer = LayerWriter(to: descriptor, compression: .none, epoch: epoch)
            let stack = LayerStack(lower.map(\.layer.index))
            _ = try OverlayDiff(upper: upper, below: stack, epoch: epoch).write(to: writer)
            return (try writer.finish(), upper, blob)
        }
    }

    private typealias WrittenLayerFile = (file: FilePath, layer: WrittenLayer)

    private func base(_ scratch: Scratch) throws -> WrittenLayerFile {
        func directory(_ path: String) throws -> TreeEntry {
            TreeEntry(path: try TreePath(path), kind: .directory(opaque: false), mode: 0o755)
        }
        func file(_ path: String) throws -> TreeEntry { TreeEntry(path: try TreePath(path), kind: .file, mode: 0o644) }
        let entries = [
            try directory("etc"), try file("etc/a"), try file("etc/b"), try directory("etc/sub"), try file("etc/sub/x"),
            try directory("usr"), try directory("usr/lib"), try file("usr/lib/one"), try file("usr/lib/two"),
            try directory("usr/lib/deep"), try file("usr/lib/deep/three"), try directory("tmp"),
        ]
        let contents = Dictionary(
            uniqueKeysWithValues: entries.filter { $0.kind == .file }.map { ($0.path, Array("\($0.path)".utf8)) })
        return try scratch.layer(entries, contents: contents, name: "base")
    }

    private func names(_ layer: WrittenLayer) -> [String] {
        layer.index.map { $0.kind == .whiteout ? "-\($0.path)" : "\($0.path)" }
    }

    @Test("changes, removals and their parents are in the layer; the rest is not")
    func changes() throws {
        let scratch = try Scratch()
        let base = try base(scratch)
        let result = try diff(
            scratch, [base],
            script: """
                echo new > etc/new; ln etc/new etc/new2; rm etc/a; ln -s a etc/link
                chmod 755 usr/lib; touch usr/lib/gone; rm usr/lib/gone
                touch tmp/t; rm tmp/t; mkfifo etc/pipe
                """)
        #expect(names(result.layer) == ["etc", "-etc/a", "etc/link", "etc/new", "etc/new2", "etc/pipe"])
        #expect(result.layer.index.lookup(try TreePath("etc/new2"))?.kind == .hardLink(target: try TreePath("etc/new")))
        #expect(
            result.layer.index.lookup(try TreePath("etc/new2"))?.digest == Digest.sha256(of: "new\n"))
        let listing = try run("tar", "-tf", result.blob.string)
        #expect(listing == "etc/\netc/.wh.a\netc/link\netc/new\netc/new2\netc/pipe\n")
    }

    @Test("a replaced directory hides every old name, also in directories with the same name")
    func opaque() throws {
        let scratch = try Scratch()
        let base = try base(scratch)
        let result = try diff(
            scratch, [base],
            script: "rm -r usr/lib; mkdir -p usr/lib/deep; echo 1 > usr/lib/one; echo 4 > usr/lib/deep/four; rm -r tmp")
        #expect(
            names(result.layer) == [
                "-tmp", "usr", "usr/lib", "usr/lib/deep", "usr/lib/deep/four", "-usr/lib/deep/three", "usr/lib/one",
                "-usr/lib/two",
            ])
        let stack = LayerStack([base.layer.index, result.layer.index])
        #expect(stack.children(of: try TreePath("usr/lib")).map(\.path.description) == ["usr/lib/deep", "usr/lib/one"])
        #expect(stack.children(of: try TreePath("usr/lib/deep")).map(\.path.description) == ["usr/lib/deep/four"])
        #expect(stack.lookup(try TreePath("tmp")) == nil)
    }

    @Test("a directory's new mode is a change of its own; capabilities and users' attributes are kept")
    func metadata() throws {
        let scratch = try Scratch()
        let base = try base(scratch)
        let result = try diff(
            scratch, [base],
            script:
                "chmod 700 usr/lib/deep; cp /bin/true tmp/t; setfattr -n user.note -v hi tmp/t || true; chown 5:6 tmp/t"
        )
        #expect(names(result.layer) == ["tmp", "tmp/t", "usr", "usr/lib", "usr/lib/deep"])
        #expect(result.layer.index.lookup(try TreePath("usr/lib/deep"))?.mode == 0o700)
        #expect(result.layer.index.lookup(try TreePath("tmp/t"))?.uid == 5)
        #expect(result.layer.index.lookup(try TreePath("usr"))?.xattrs == [:])
    }

    @Test("with an epoch two runs give the same layer, and the upper directory equals it")
    func reproducible() throws {
        var digests: Set<Digest> = []
        for _ in 0..<2 {
            let scratch = try Scratch()
            let base = try base(scratch)
            let result = try diff(
                scratch, [base], script: "date +%N > /dev/null; echo x > etc/x; mkdir -p opt/a/b; ln -s x etc/y",
                epoch: 1_700_000_000)
            digests.insert(result.layer.diffID)
            for name in ["etc", "etc/x", "etc/y", "opt/a/b"] {
                var status = stat()
                #expect(lstat(result.upper.appending(name).string, &status) == 0)
                #expect(status.st_mtim.tv_sec == 1_700_000_000 && status.st_mtim.tv_nsec == 0, "\(name)")
            }
        }
        #expect(digests.count == 1)
    }

    @Test("nothing changed, nothing written")
    func nothing() throws {
        let scratch = try Scratch()
        let base = try base(scratch)
        let result = try diff(scratch, [base], script: "touch etc/q; rm etc/q; ls -lR . > /dev/null")
        #expect(names(result.layer) == [])
        #expect(result.layer.uncompressedSize == 1024)
    }

    @Test("the kernel's merged view and LayerStack's are the same", arguments: 1...6)
    func stackAgreesWithKernel(seed: UInt64) throws {
        let scratch = try Scratch()
        var random = SeededGenerator(seed: seed)
        var layers: [LayerIndex] = []
        var folders: [String] = []
        for number in 0..<4 {
            let entries = try randomSmallLayer(&random)
            let (file, written) = try scratch.layer(entries, name: "layer\(number)")
            let folder = try scratch.folder("lower\(number)")
            _ = try unpack(file, into: folder, below: LayerStack(layers))
            layers.append(written.index)
            folders.append(folder.string)
        }
        let merged = try scratch.folder("merged")
        // In a directory that only one layer has, the kernel lists whiteouts, too, and then denies that they exist.
        let kernel = try run(
            "unshare", "-m", "/bin/sh", "-ec",
            """
            mount -t overlay overlay -o "userxattr,lowerdir=$1" "$2"; cd "$2"
            find . -mindepth 1 -printf '%P %y %m\\n' 2> /dev/null | LC_ALL=C sort
            """, "sh", folders.reversed().joined(separator: ":"), merged.string)
        let stack = LayerStack(layers)
        var lines: [String] = []
        var pending: [TreePath] = [.root]
        while let directory = pending.popLast() {
            for entry in stack.children(of: directory) {
                lines.append("\(entry.path) \(entry.isDirectory ? "d" : "f") \(String(entry.mode, radix: 8))\n")
                if entry.isDirectory { pending.append(entry.path) }
                #expect(stack.lookup(entry.path) == entry)
            }
        }
        #expect(lines.sorted().joined() == kernel)
    }

    /// A layer of few names, so that layers meet.
    private func randomSmallLayer(_ random: inout SeededGenerator) throws -> [TreeEntry] {
        var entries: [TreePath: TreeEntry] = [:]
        for _ in 0..<14 {
            var path = TreePath.root
            for depth in 0..<Int.random(in: 1...3, using: &random) {
                if depth > 0 {
                    if let entry = entries[path], !entry.isDirectory { break }
                    // Some directories are left out, as in archives of other tools.
                    if entries[path] == nil, Int.random(in: 0..<3, using: &random) > 0 {
                        entries[path] = TreeEntry(
                            path: path, kind: .directory(opaque: Int.random(in: 0..<6, using: &random) == 0),
                            mode: [0o755, 0o700].randomElement(using: &random) ?? 0)
                    }
                }
                path = try path.appending(TreePath(["a", "b", "c"].randomElement(using: &random) ?? "a"))
            }
            guard entries[path] == nil, !entries.keys.contains(where: { $0 != path && $0.isWithin(path) }) else {
                continue
            }
            let kind: TreeEntry.Kind =
                [.file, .whiteout, .directory(opaque: false)].randomElement(using: &random) ?? .file
            entries[path] = TreeEntry(path: path, kind: kind, mode: kind == .whiteout ? 0 : 0o750)
        }
        return entries.values.sorted { $0.path < $1.path }
    }
}
